# What disko makes of the disks, and the file systems that follow.
{ config, ... }:
let
  cfg = config.services.voxnix;
in
{
  disko.devices = import ./layout.nix {
    inherit (cfg.appliance) disks reserve;
    inherit (cfg.storage) pool;
  };
  # Folders of the pool that the machine needs before its services start.
  fileSystems."/var/log".neededForBoot = true;
}
