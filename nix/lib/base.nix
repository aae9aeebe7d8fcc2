# What every NixOS guest has, whatever it is made of.
{ lib, pkgs, ... }:
{
  boot.isNspawnContainer = true;

  # The runtime gives the name: a name in here would make a system of each container's own.
  networking.hostName = "";

  networking.useDHCP = false;
  networking.useNetworkd = true;
  networking.useHostResolvConf = false;
  systemd.network.networks."10-host0" = {
    matchConfig.Name = "host0";
    networkConfig = {
      DHCP = "yes";
      IPv6AcceptRA = true;
    };
    dhcpV4Config = {
      # A container that was cloned or restored is a new machine only if its interface is.
      ClientIdentifier = "mac";
      RapidCommit = true;
      SendHostname = false;
      UseHostname = false;
    };
  };
  # Nothing waits for the network: a boot that does hangs when there is none.
  systemd.network.wait-online.enable = false;
  services.resolved.enable = true;

  # The host's daemon is never within reach, so neither is nix.
  nix.enable = false;

  users.mutableUsers = false;
  # People come in through the node, which has asked them who they are; nobody has a password.
  users.allowNoPasswordLogin = true;

  # What no container has a use for. It costs a fifth of an evaluation, and people wait for that; a module that wants
  # one of these just says so.
  console.enable = lib.mkDefault false;
  fonts.fontconfig.enable = lib.mkDefault false;
  programs.nano.enable = lib.mkDefault false;
  security.sudo.enable = lib.mkDefault false;
  services.logrotate.enable = lib.mkDefault false;
  systemd.coredump.enable = lib.mkDefault false;
  systemd.oomd.enable = lib.mkDefault false;
  # Users are those that modules declare, so nobody changes them by hand; and there is no screen to lock.
  security.pam.services =
    lib.genAttrs
      [
        "chfn"
        "chpasswd"
        "chsh"
        "groupadd"
        "groupdel"
        "groupmems"
        "groupmod"
        "i3lock"
        "i3lock-color"
        "passwd"
        "runuser"
        "runuser-l"
        "useradd"
        "userdel"
        "usermod"
        "vlock"
        "xlock"
        "xscreensaver"
      ]
      (_: {
        enable = lib.mkDefault false;
      });
  # The node's firewall is nftables, so what it needs of the kernel is loaded.
  networking.nftables.enable = true;

  environment.defaultPackages = [ ];
  environment.systemPackages = [ pkgs.iproute2 ];
  i18n.defaultLocale = "C.UTF-8";
  i18n.supportedLocales = lib.mkDefault [ "C.UTF-8/UTF-8" ];
  # Neither is ever read in a container, and the index of manual pages takes minutes to build.
  documentation.enable = false;
  documentation.man.enable = false;
  documentation.man.cache.enable = false;
  services.journald.extraConfig = ''
    Storage=persistent
    SystemMaxUse=16M
    ReadKMsg=no
  '';
}
