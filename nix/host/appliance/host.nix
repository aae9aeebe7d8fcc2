# One host from its folder: `default.nix` has its parameters, `keys.nix` who administers it, and `secrets/` what only it
# and they can read.
folder:
{ lib, ... }:
let
  secrets = folder + "/secrets";
  names = lib.filter (lib.hasSuffix ".age") (
    lib.optionals (builtins.pathExists secrets) (lib.attrNames (builtins.readDir secrets))
  );
in
{
  imports = [ folder ];
  services.voxnix.appliance = {
    adminKeys = import (folder + "/keys.nix");
    secrets = lib.listToAttrs (
      map (name: lib.nameValuePair (lib.removeSuffix ".age" name) (secrets + "/${name}")) names
    );
  };
}
