# The disks as data for disko. Each boots by itself, on BIOS and on UEFI, and they mirror each other in one pool.
# Needs builtins alone.
{
  disks,
  pool,
  reserve,
}:
let
  number = disk: toString disk.index;
  numbered = builtins.genList (index: {
    inherit index;
    device = builtins.elemAt disks index;
  }) (builtins.length disks);
  dataset = mountpoint: options: {
    type = "zfs_fs";
    inherit mountpoint;
    options = {
      mountpoint = "legacy";
    }
    // options;
  };
in
{
  disk = builtins.listToAttrs (
    map (disk: {
      name = "disk${number disk}";
      value = {
        type = "disk";
        inherit (disk) device;
        content = {
          type = "gpt";
          partitions = {
            bios = {
              size = "1M";
              type = "EF02";
            };
            boot = {
              size = "2G";
              type = "EF00";
              content = {
                type = "filesystem";
                format = "vfat";
                mountpoint = if disk.index == 0 then "/boot" else "/boot${number disk}";
                mountOptions = [
                  "umask=0077"
                  # The machine comes up with one of its disks missing.
                  "nofail"
                ];
              };
            };
            pool = {
              size = "100%";
              content = {
                type = "zfs";
                inherit pool;
              };
            };
          };
        };
      };
    }) numbered
  );

  zpool.${pool} = {
    type = "zpool";
    mode = if builtins.length disks > 1 then "mirror" else "";
    options = {
      ashift = "12";
      autotrim = "on";
    };
    rootFsOptions = {
      acltype = "posixacl";
      atime = "off";
      compression = "zstd";
      mountpoint = "none";
      xattr = "sa";
    };
    datasets = {
      # Room that no guest can take.
      system = {
        type = "zfs_fs";
        options = {
          mountpoint = "none";
          refreservation = "none";
          reservation = reserve;
        };
      };
      "system/root" = dataset "/" { };
      "system/nix" = dataset "/nix" { };
      "system/log" = dataset "/var/log" { };
      # PostgreSQL writes pages of 8 KiB.
      "system/postgresql" = dataset "/var/lib/postgresql" { recordsize = "8K"; };
      "system/voxnix" = dataset "/var/lib/voxnix" { };
    };
  };
}
