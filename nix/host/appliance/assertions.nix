# What would make a machine that nobody can reach, or that cannot boot.
{ config, lib, ... }:
let
  cfg = config.services.voxnix.appliance;
  keys = import ./keys.nix;
  says = assertion: message: { inherit assertion message; };
in
{
  assertions = [
    (says (cfg.adminKeys != [ ]) ''
      services.voxnix.appliance.adminKeys is empty: nobody could log in. Put your public key there, which this prints:
      cat ~/.ssh/id_ed25519.pub'')
    (says (cfg.disks != [ ]) ''
      services.voxnix.appliance.disks is empty: name the disk to install on, as `ls -l /dev/disk/by-id` shows it.'')
    (says ((cfg.address == null) == (cfg.gateway == null)) ''
      services.voxnix.appliance.address and services.voxnix.appliance.gateway belong together: set both, or neither for DHCP.'')
    (says (lib.all (lib.hasPrefix "/dev/") cfg.disks) ''
      services.voxnix.appliance.disks has to name devices, such as "/dev/disk/by-id/nvme-MODEL_SERIAL".'')
  ]
  ++ map (
    key:
    if keys.placeholder key then
      says false ''
        services.voxnix.appliance.adminKeys still has the placeholder "${key}": put your own public key in its place, which
        this prints: cat ~/.ssh/id_ed25519.pub (and ssh-keygen -t ed25519 makes one).''
    else
      says (keys.public key) ''
        services.voxnix.appliance.adminKeys has "${key}", which is no public key: one is a line such as
        "ssh-ed25519 AAAA… ann@laptop", as ~/.ssh/id_ed25519.pub has it.''
  ) cfg.adminKeys
  ++ map (
    disk:
    says (!lib.hasInfix "REPLACE-ME" disk) ''
      services.voxnix.appliance.disks still has the placeholder "${disk}": name the disk to install on, as
      `ls -l /dev/disk/by-id` shows it.''
  ) cfg.disks;
}
