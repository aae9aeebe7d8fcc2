# Stands in for nixpkgs where nothing can be fetched: whatever modules it is given, the system is the programs of
# Debian, and knows which modules these were. What it is made of lies beside it, as ../system.nix wants it.
{ modules, ... }:
let
  here = toString ../..;
  names = map (module: baseNameOf (dirOf module._file)) (builtins.filter (module: module ? _file) modules);
in
{
  config.system.build.toplevel = (import (here + "/system.nix") {
    userland = here + "/userland";
    busybox = here + "/tools";
  }).named
    (builtins.concatStringsSep "-" ([ "of" ] ++ names ++ [ (builtins.readFile (here + "/release")) ]));
}
