# ZFS: the pool of images, roots and workspaces, and how much memory it may take for its cache.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.voxnix;
  inherit (cfg) storage;
  inherit (lib) mkOption types;
  mounted = lib.any (
    fileSystem: fileSystem.fsType == "zfs" && lib.hasPrefix "${storage.pool}/" "${toString fileSystem.device}/"
  ) (lib.attrValues config.fileSystems);
in
{
  options.services.voxnix.storage = {
    pool = mkOption {
      type = types.strMatching "[a-zA-Z][a-zA-Z0-9_.-]*";
      default = "tank";
      description = "The ZFS pool. It has to exist; what Voxnix makes lies below `images` and `users` in it.";
    };
    arcPercent = mkOption {
      type = types.ints.between 1 90;
      default = 25;
      description = "How much of the machine's memory ZFS may keep as its cache, in per cent; at least 512 MiB.";
    };
  };

  config = lib.mkIf cfg.enable {
    services.voxnix.settings = {
      inherit (storage) pool;
      idmapped_mounts = true;
    };

    boot.supportedFilesystems.zfs = true;
    boot.zfs = {
      forceImportRoot = lib.mkDefault false;
      # One that holds a file system of the machine is imported for that.
      extraPools = lib.optional (!mounted) storage.pool;
    };
    services.zfs.autoScrub.enable = lib.mkDefault true;
    services.zfs.trim.enable = lib.mkDefault true;

    systemd.services.voxnix-arc = {
      description = "Limit of ZFS's cache";
      after = [ "zfs-import.target" ];
      wantedBy = [ "multi-user.target" ];
      unitConfig.ConditionPathExists = "/sys/module/zfs/parameters/zfs_arc_max";
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${pkgs.runtimeShell} ${./arc.sh} ${toString storage.arcPercent}";
      };
    };

    # What the worker may write has to be there when it starts.
    systemd.tmpfiles.settings."10-voxnix" =
      lib.genAttrs
        [
          "/etc/nixos-containers"
          "/etc/systemd-mutable/system"
          "/nix/var/nix/gcroots/voxnix"
          "/nix/var/nix/profiles/voxnix"
        ]
        (_: {
          d.mode = "0755";
        })
      //
        lib.genAttrs
          [
            "/var/lib/machines"
            "/var/lib/nixos-containers"
            "/var/lib/voxnix"
            "/var/lib/voxnix/secrets"
          ]
          (_: {
            d.mode = "0700";
          });
  };
}
