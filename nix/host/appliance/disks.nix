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
  # What is mounted below these, by ZFS itself, must find them mounted.
  fileSystems."/var/lib/voxnix".neededForBoot = true;
  fileSystems."/var/log".neededForBoot = true;
}
