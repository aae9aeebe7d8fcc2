# The worker: runs operations as root, with as little of the machine as that takes.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.voxnix;
  zfs = config.boot.zfs.package;
  zfsOnTheHost = pkgs.writeShellScriptBin "zfs" (
    builtins.replaceStrings
      [ "@nsenter@" "@zfs@" ]
      [ "${pkgs.util-linux}/bin/nsenter" "${zfs}/bin/zfs" ]
      (builtins.readFile ./zfs.sh)
  );
in
{
  options.services.voxnix.worker = {
    enable = lib.mkOption {
      type = lib.types.bool;
      default = true;
      description = "Whether to run operations on this machine.";
    };
    memoryMax = lib.mkOption {
      type = lib.types.str;
      default = "8G";
      description = "Limit of the worker's memory, with all that it starts. Building a guest's system for the first time takes most of it.";
    };
  };

  options.services.voxnix.programs = lib.mkOption {
    type = lib.types.listOf lib.types.package;
    internal = true;
    readOnly = true;
    # The first one wins: zfs is ours, which calls the real one.
    default = [
      zfsOnTheHost
      zfs
      config.nix.package
      config.systemd.package
      pkgs.bash
      pkgs.extra-container
      pkgs.gnutar
      pkgs.iproute2
      pkgs.nftables
      pkgs.nixos-container
      pkgs.openssh
      pkgs.util-linux
    ];
    description = "What Voxnix drives: in the worker and at the console.";
  };

  config = lib.mkIf (cfg.enable && cfg.worker.enable) {
    # extra-container puts the units of guests here, and NixOS never cleans it up.
    boot.extraSystemdUnitPaths = [ "/etc/systemd-mutable/system" ];

    systemd.services.voxnix-worker = {
      description = "Voxnix worker: runs operations, publishes what it sees";
      requires = [
        "nftables.service"
        "voxnix-database.service"
      ];
      after = [
        "dbus.service"
        "nftables.service"
        "systemd-networkd.service"
        "voxnix-database.service"
        "voxnix-dhcp.service"
        "zfs.target"
      ];
      wantedBy = [ "multi-user.target" ];
      restartTriggers = [ config.environment.etc."voxnix/settings.toml".text ];
      startLimitIntervalSec = 0;
      path = cfg.programs;
      environment = {
        HOME = "/var/lib/voxnix";
        # The store is read-only here, so Nix's daemon builds.
        NIX_REMOTE = "daemon";
      };
      serviceConfig = (import ./hardening.nix).worker // {
        ExecStart = "${lib.getExe cfg.package} worker";
        Restart = "always";
        RestartSec = 1;
        KillMode = "mixed";
        MemoryMax = cfg.worker.memoryMax;
        StateDirectory = "voxnix";
        StateDirectoryMode = "0700";
        CacheDirectory = "voxnix";
        CacheDirectoryMode = "0700";
        EnvironmentFile = lib.optional (cfg.environmentFile != null) cfg.environmentFile;
      };
    };
  };
}
