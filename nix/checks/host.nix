# What nix/host computes without nixpkgs.
let
  addresses = import ../host/addresses.nix;
  hardening = import ../host/hardening.nix;
  keys = import ../host/appliance/keys.nix;
  layout = import ../host/appliance/layout.nix;
  toml = import ../host/toml.nix;
  key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  two = layout {
    disks = [
      "/dev/disk/by-id/a"
      "/dev/disk/by-id/b"
    ];
    pool = "tank";
    reserve = "20G";
  };
in
{
  "a big network leaves its first 256 addresses to the machine" = {
    expr = addresses.of "10.88.0.1/16";
    expected = {
      address = "10.88.0.1";
      network = "10.88.0.0/16";
      first = "10.88.1.0";
      last = "10.88.255.254";
      netmask = "255.255.0.0";
    };
  };
  "a small network leaves the first half to the machine" = {
    expr = addresses.of "192.168.77.1/24";
    expected = {
      address = "192.168.77.1";
      network = "192.168.77.0/24";
      first = "192.168.77.128";
      last = "192.168.77.254";
      netmask = "255.255.255.0";
    };
  };
  "a network that begins in the middle of a byte is found" = {
    expr = (addresses.of "172.20.37.5/20").network;
    expected = "172.20.32.0/20";
  };
  "what is no address with a prefix is told from one" = {
    expr = map addresses.valid [
      "10.88.0.1/16"
      "10.88.0.1"
      "10.88.0.256/16"
      "10.88.0.01/16"
      "10.88.0.1/25"
      "10.88.0.1/33"
      "fd00::1/64"
    ];
    expected = [
      true
      false
      false
      false
      false
      false
      false
    ];
  };
  "settings are one line each, with what TOML wants escaped" = {
    expr = toml.render {
      pool = "tank";
      evaluations = 1;
      embedded_worker = false;
      node_name = "a \"quoted\"\n\\name";
    };
    expected = ''
      embedded_worker = false
      evaluations = 1
      node_name = "a \"quoted\"\n\\name"
      pool = "tank"
    '';
  };
  "a person's key is told from the example's and from anything else" = {
    expr = map keys.public [
      key
      "${key} ann@laptop"
      "sk-${key}"
      "ssh-ed25519 REPLACE-ME"
      "ssh-rsa"
      "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    ];
    expected = [
      true
      true
      true
      false
      false
      false
    ];
  };
  "the example's key is known as a placeholder" = {
    expr = map keys.placeholder [
      "ssh-ed25519 REPLACE-ME"
      key
    ];
    expected = [
      true
      false
    ];
  };
  "two disks mirror each other, and each can be booted from" = {
    expr = {
      inherit (two.zpool.tank) mode;
      mountpoints = map (disk: two.disk.${disk}.content.partitions.boot.content.mountpoint) (
        builtins.attrNames two.disk
      );
      legacy = builtins.all (disk: two.disk.${disk}.content.partitions.bios.type == "EF02") (
        builtins.attrNames two.disk
      );
    };
    expected = {
      mode = "mirror";
      mountpoints = [
        "/boot"
        "/boot1"
      ];
      legacy = true;
    };
  };
  "one disk is a pool by itself" = {
    expr =
      (layout {
        disks = [ "/dev/vda" ];
        pool = "tank";
        reserve = "20G";
      }).zpool.tank.mode;
    expected = "";
  };
  "guests cannot take the machine's own room" = {
    expr = two.zpool.tank.datasets.system.options.reservation;
    expected = "20G";
  };
  "the bot has no capability, no user of the machine's, and no device" = {
    expr = {
      inherit (hardening.bot)
        CapabilityBoundingSet
        DynamicUser
        NoNewPrivileges
        PrivateDevices
        PrivateUsers
        ;
    };
    expected = {
      CapabilityBoundingSet = "";
      DynamicUser = true;
      NoNewPrivileges = true;
      PrivateDevices = true;
      PrivateUsers = true;
    };
  };
  "the worker writes only where Voxnix keeps something" = {
    expr = {
      inherit (hardening.worker) ProtectSystem ReadWritePaths;
    };
    expected = {
      ProtectSystem = "strict";
      ReadWritePaths = [
        "-/etc/nixos-containers"
        "-/etc/systemd-mutable"
        "-/nix/var/nix/gcroots"
        "-/nix/var/nix/profiles"
        "-/nix/var/nix/temproots"
        "-/var/cache/voxnix"
        "-/var/lib/machines"
        "-/var/lib/nixos-containers"
        "-/var/lib/voxnix"
      ];
    };
  };
}
