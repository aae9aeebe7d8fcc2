# The rest of a machine that does nothing but Voxnix: its name, its address, the time, and Nix.
{ config, lib, ... }:
let
  cfg = config.services.voxnix.appliance;
  fixed = cfg.address != null;
in
{
  services.voxnix.enable = true;
  services.voxnix.guests.prebuilt = lib.mkDefault [
    {
      modules = [
        "fish"
        "git"
      ];
    }
  ];

  networking = {
    inherit (cfg) hostName;
    hostId = lib.mkDefault (builtins.substring 0 8 (builtins.hashString "sha256" cfg.hostName));
    useDHCP = false;
    useNetworkd = true;
    firewall.enable = true;
    nameservers = cfg.nameServers;
  };
  systemd.network.networks."30-uplink" = {
    matchConfig = {
      Name = cfg.interface;
      Type = "ether";
    };
    networkConfig = {
      DHCP = if fixed then "no" else "yes";
      IPv4Forwarding = true;
    };
    address = lib.optional fixed cfg.address;
    gateway = lib.optional fixed cfg.gateway;
  };
  services.resolved.enable = true;

  time.timeZone = cfg.timeZone;
  services.timesyncd.enable = lib.mkDefault true;
  i18n.defaultLocale = lib.mkDefault "C.UTF-8";

  nix.settings.experimental-features = [
    "flakes"
    "nix-command"
  ];
  # What is wrong with the machine has to be readable after it was started again.
  services.journald = {
    storage = "persistent";
    extraConfig = "SystemMaxUse=1G";
  };
  documentation.enable = lib.mkDefault false;
  virtualisation.hypervGuest.enable = lib.mkDefault false;
  services.qemuGuest.enable = lib.mkDefault true;

  system.stateVersion = lib.mkDefault "26.05";
}
