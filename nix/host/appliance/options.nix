# The parameters of a host: what differs from one appliance to the next.
{ config, lib, ... }:
let
  cfg = config.services.voxnix.appliance;
  inherit (lib) mkOption types;
in
{
  options.services.voxnix.appliance = {
    hostName = mkOption {
      type = types.strMatching "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
      default = "voxnix";
      description = "Name of the machine. Its ZFS host id follows from it.";
    };
    target = mkOption {
      type = types.str;
      default = "admin@${
        if cfg.address == null then cfg.hostName else lib.head (lib.splitString "/" cfg.address)
      }";
      defaultText = lib.literalMD "`admin@` its address, or its name where it has none";
      description = "Where `just deploy` finds it, as ssh is told.";
    };
    disks = mkOption {
      type = types.listOf types.str;
      example = [ "/dev/disk/by-id/nvme-MODEL_SERIAL" ];
      description = "The disks that provisioning erases: one, or more that mirror each other. Names below /dev/disk/by-id stay the same.";
    };
    adminKeys = mkOption {
      type = types.listOf types.str;
      example = [ "ssh-ed25519 AAAA… ann@laptop" ];
      description = "Public SSH keys of who administers the machine, as the user `admin`.";
    };
    interface = mkOption {
      type = types.str;
      default = "en*";
      description = "The interface to the network, or a pattern that it matches.";
    };
    address = mkOption {
      type = types.nullOr (types.strMatching "[0-9a-fA-F.:]+/[0-9]{1,3}");
      default = null;
      example = "192.0.2.10/24";
      description = "A fixed address with the length of its network's prefix; null asks by DHCP.";
    };
    gateway = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "192.0.2.1";
      description = "The router, where the address is fixed.";
    };
    nameServers = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "192.0.2.1" ];
      description = "Whom to ask for names, where the address is fixed.";
    };
    timeZone = mkOption {
      type = types.str;
      default = "UTC";
      description = "Time zone of the machine.";
    };
    reserve = mkOption {
      type = types.strMatching "[1-9][0-9]*[MGT]";
      default = "20G";
      description = "Room in the pool that is kept for the machine itself, however much its guests want.";
    };
    secrets = mkOption {
      type = types.attrsOf types.path;
      default = { };
      example = lib.literalExpression "{ voxnix = ./secrets/voxnix.age; }";
      description = ''
        Secrets, encrypted by agenix, by name. `voxnix` has lines `NAME=value` for services.voxnix.environmentFile;
        `tailscale` is the key that the machine joins its tailnet with.
      '';
    };
    confirmSeconds = mkOption {
      type = types.ints.between 60 3600;
      default = 300;
      description = "How long a new generation has to prove that it works before the machine goes back to the one before.";
    };
  };
}
