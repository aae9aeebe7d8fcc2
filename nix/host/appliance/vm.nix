# `nix run .#vm`: the appliance in QEMU, to look at. Its disks are files that go when they are deleted, it has a pool of
# its own, and who starts it is logged in.
{
  config,
  lib,
  modulesPath,
  pkgs,
  ...
}:
let
  inherit (config.services.voxnix.storage) pool;
in
{
  imports = [ "${modulesPath}/virtualisation/qemu-vm.nix" ];

  virtualisation = {
    memorySize = 4096;
    cores = 2;
    graphics = false;
    diskSize = 8192;
    # The pool's disk.
    emptyDiskImages = [ 20480 ];
    # The layout is a real disk's; here, QEMU's own takes its place.
    useDefaultFilesystems = true;
  };
  disko.devices = lib.mkForce { };

  services.voxnix.appliance = {
    hostName = "voxnix-vm";
    interface = "eth*";
    disks = lib.mkForce [ "/dev/vda" ];
    # Nobody comes in by SSH: this one is nobody's.
    adminKeys = lib.mkForce [
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA nobody"
    ];
    secrets = lib.mkForce { };
  };
  services.getty.autologinUser = "admin";

  boot.loader.grub.enable = lib.mkForce false;
  boot.zfs.extraPools = lib.mkForce [ ];
  systemd.services.voxnix-vm-pool = {
    description = "The pool of the virtual machine";
    wantedBy = [ "zfs.target" ];
    before = [
      "zfs.target"
      "voxnix-worker.service"
    ];
    after = [ "systemd-modules-load.service" ];
    path = [ config.boot.zfs.package ];
    script = ''
      zpool list -H ${pool} >/dev/null 2>&1 || zpool import -N ${pool} 2>/dev/null ||
        zpool create -O mountpoint=none -O xattr=sa -O acltype=posixacl ${pool} /dev/vdb
      zfs mount -a
    '';
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
    };
  };
  environment.systemPackages = [ pkgs.jq ];
}
