# The machine boots from any of its disks, on BIOS and UEFI alike, and finds its way back to older generations.
{ config, lib, ... }:
let
  cfg = config.services.voxnix.appliance;
  others = lib.genList (index: index + 1) (lib.max 0 (lib.length cfg.disks - 1));
in
{
  boot.loader.timeout = lib.mkDefault 3;
  boot.loader.grub = {
    enable = true;
    efiSupport = true;
    # Firmware forgets its entries; this place is looked at without any.
    efiInstallAsRemovable = true;
    configurationLimit = lib.mkDefault 20;
    mirroredBoots = map (index: {
      path = "/boot${toString index}";
      devices = [ "nodev" ];
      efiSysMountPoint = "/boot${toString index}";
    }) others;
  };

  # Nobody sits in front of it: it starts again by itself.
  boot.kernelParams = [ "panic=30" ];
  systemd.settings.Manager.RuntimeWatchdogSec = lib.mkDefault "30s";

  # Physical disks and network cards, Hyper-V and Proxmox.
  boot.initrd.availableKernelModules = [
    "ahci"
    "hv_storvsc"
    "hv_vmbus"
    "mpt3sas"
    "nvme"
    "sd_mod"
    "sr_mod"
    "uas"
    "usbhid"
    "virtio_blk"
    "virtio_pci"
    "virtio_scsi"
    "xhci_pci"
  ];
  hardware.enableRedistributableFirmware = lib.mkDefault true;
}
