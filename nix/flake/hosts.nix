# The modules, and one machine for every folder in nix/hosts.
{ inputs, lib, self, ... }:
let
  hosts = lib.attrNames (lib.filterAttrs (_: kind: kind == "directory") (builtins.readDir ../hosts));
in
{
  flake = {
    nixosModules = {
      default = self.nixosModules.voxnix;
      voxnix = {
        imports = [ ../host ];
        # The snapshot as it is, instead of another copy of it.
        services.voxnix.guests.nixpkgs = lib.mkDefault inputs.nixpkgs.outPath;
      };
      appliance = {
        imports = [
          inputs.agenix.nixosModules.default
          inputs.disko.nixosModules.disko
          self.nixosModules.voxnix
          ../host/appliance
        ];
      };
    };

    nixosConfigurations = lib.genAttrs hosts (
      name:
      inputs.nixpkgs.lib.nixosSystem {
        modules = [
          self.nixosModules.appliance
          (import ../host/appliance/host.nix (../hosts + "/${name}"))
        ];
      }
    );
  };
}
