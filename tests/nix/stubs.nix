# Stands in for the modules of disko and agenix, which the flake brings, as far as nix/host/appliance leans on them: the
# options, and the file systems and paths that follow from them.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  devices = config.disko.devices;
  partitions = lib.concatMap (disk: lib.attrValues disk.content.partitions) (
    lib.attrValues (devices.disk or { })
  );
in
{
  options = {
    disko.devices = mkOption {
      type = types.attrsOf types.anything;
      default = { };
    };
    age.secrets = mkOption {
      type = types.attrsOf (
        types.submodule (
          { name, ... }:
          {
            options = {
              file = mkOption { type = types.path; };
              mode = mkOption { type = types.str; };
              path = mkOption {
                type = types.str;
                default = "/run/agenix/${name}";
              };
            };
          }
        )
      );
      default = { };
    };
  };

  config = {
    fileSystems = lib.mkMerge (
      lib.concatMap (
        pool:
        lib.mapAttrsToList (
          name: dataset:
          lib.optionalAttrs (dataset ? mountpoint) {
            ${dataset.mountpoint} = {
              device = "${pool}/${name}";
              fsType = "zfs";
            };
          }
        ) devices.zpool.${pool}.datasets
      ) (lib.attrNames (devices.zpool or { }))
      ++ map (
        partition:
        lib.optionalAttrs (partition ? content.mountpoint) {
          ${partition.content.mountpoint} = {
            device = "/dev/disk/by-partlabel/${partition.content.mountpoint}";
            fsType = partition.content.format;
            options = partition.content.mountOptions;
          };
        }
      ) partitions
    );
    boot.loader.grub.devices = map (disk: disk.device) (lib.attrValues (devices.disk or { }));
  };
}
