# `nix run .#vm`: the appliance in QEMU.
{ inputs, self, ... }:
{
  perSystem =
    { system, ... }:
    let
      machine = inputs.nixpkgs.lib.nixosSystem {
        modules = [
          self.nixosModules.appliance
          ../host/appliance/vm.nix
          { nixpkgs.hostPlatform = system; }
        ];
      };
    in
    {
      apps.vm = {
        type = "app";
        program = "${machine.config.system.build.vm}/bin/run-${machine.config.networking.hostName}-vm";
        meta.description = "The appliance in QEMU, to look at";
      };
    };
}
