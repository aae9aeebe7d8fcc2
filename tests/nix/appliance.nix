# The appliance as the tests evaluate it, on some nixpkgs: `config` of a machine with two disks and somebody's key, and
# of any machine with the module alone. `modules` are added to it.
{
  nixpkgs,
  modules ? [ ],
  whole ? true,
}:
let
  evaluate = import (nixpkgs + "/nixos/lib/eval-config.nix");
  overlays = import ./pruned.nix;
in
(evaluate {
  system = null;
  modules = [
    {
      nixpkgs.hostPlatform = "x86_64-linux";
      nixpkgs.overlays = overlays;
      services.voxnix.guests = {
        nixpkgs = toString nixpkgs;
        inherit overlays;
      };
    }
  ]
  ++ (
    if whole then
      [
        ../../nix/host/appliance
        ./stubs.nix
        (
          { lib, ... }:
          {
            services.voxnix.appliance = {
              adminKeys = lib.mkDefault [
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ann@laptop"
              ];
              disks = lib.mkDefault [
                "/dev/disk/by-id/a"
                "/dev/disk/by-id/b"
              ];
            };
          }
        )
      ]
    else
      [
        ../../nix/host
        {
          boot.loader.grub.enable = false;
          fileSystems."/" = {
            device = "/dev/vda";
            fsType = "ext4";
          };
          services.voxnix.enable = true;
        }
      ]
  )
  ++ modules;
}).config
