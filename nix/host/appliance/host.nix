# One host from its folder: `default.nix` has its parameters, `keys.nix` who administers it, `secrets/` what only it and
# they can read, and `popular.json` what people there make most: `just deploy` writes that down, and it is prebuilt.
folder:
{ lib, ... }:
let
  secrets = folder + "/secrets";
  names = lib.filter (lib.hasSuffix ".age") (
    lib.optionals (builtins.pathExists secrets) (lib.attrNames (builtins.readDir secrets))
  );
  popular = lib.optionals (builtins.pathExists (folder + "/popular.json")) (
    lib.importJSON (folder + "/popular.json")
  ).popular;
in
{
  imports = [ folder ];
  services.voxnix.guests.prebuilt =
    map
      (one: {
        inherit (one) modules options;
      })
      (
        # A module that is there no more is nothing to wait for.
        lib.filter (one: lib.all (name: builtins.pathExists (../../modules + "/${name}")) one.modules) popular
      );
  services.voxnix.appliance = {
    adminKeys = import (folder + "/keys.nix");
    secrets = lib.listToAttrs (
      map (name: lib.nameValuePair (lib.removeSuffix ".age" name) (secrets + "/${name}")) names
    );
  };
}
