# What `nix build .#checks.…` proves: the package starts, the pure cases hold, and an appliance with somebody's key builds.
{ inputs, lib, self, ... }:
{
  perSystem =
    {
      config,
      pkgs,
      system,
      ...
    }:
    let
      files = lib.filter (lib.hasSuffix ".nix") (lib.attrNames (builtins.readDir ../checks));
      wrong = lib.concatMap (
        file:
        lib.attrNames (
          # The words of an error can only be compared from outside: tests/nix does that.
          lib.filterAttrs (_: case: case ? expected && case.expr != case.expected) (import (../checks + "/${file}"))
        )
      ) files;
      appliance = inputs.nixpkgs.lib.nixosSystem {
        modules = [
          self.nixosModules.appliance
          {
            nixpkgs.hostPlatform = system;
            services.voxnix.appliance = {
              adminKeys = [
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA nobody"
              ];
              disks = [ "/dev/vda" ];
            };
          }
        ];
      };
    in
    {
      checks = {
        package = config.packages.voxnix;
        appliance = appliance.config.system.build.toplevel;
        cases =
          if wrong == [ ] then
            pkgs.runCommand "voxnix-cases" { } "touch $out"
          else
            throw "these cases of nix/checks do not hold: ${lib.concatStringsSep "; " wrong}";
      };
    };
}
