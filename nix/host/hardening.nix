# What each of our services may do: data for the NixOS modules, and for the box, which starts the same command under
# the same rules (tests/box/inside/test_sandbox.py). Names and values are systemd's own. Needs builtins alone.
let
  # What no service of ours ever needs.
  common = {
    LockPersonality = true;
    NoNewPrivileges = true;
    PrivateTmp = true;
    ProtectClock = true;
    ProtectControlGroups = true;
    ProtectHome = true;
    ProtectHostname = true;
    ProtectKernelLogs = true;
    ProtectKernelModules = true;
    ProtectKernelTunables = true;
    ProtectSystem = "strict";
    RestrictRealtime = true;
    SystemCallArchitectures = "native";
    UMask = "0077";
  };
  # What a service that does not rule the machine can do without, too.
  unprivileged = common // {
    DevicePolicy = "closed";
    DynamicUser = true;
    PrivateDevices = true;
    ProcSubset = "pid";
    ProtectProc = "invisible";
    RemoveIPC = true;
    RestrictNamespaces = true;
    RestrictSUIDSGID = true;
    SystemCallFilter = [
      "@system-service"
      "~@privileged"
      "~@resources"
    ];
    SystemCallErrorNumber = "EPERM";
  };
in
{
  # Talks to people, and to nothing of this machine but the database.
  bot = unprivileged // {
    CapabilityBoundingSet = "";
    AmbientCapabilities = "";
    InaccessiblePaths = [
      "-/nix/var"
      "-/run/agenix"
      "-/run/agenix.d"
      "-/var/cache/voxnix"
      "-/var/lib/machines"
      "-/var/lib/private/voxnix-dhcp"
      "-/var/lib/voxnix"
    ];
    MemoryDenyWriteExecute = true;
    MemoryMax = "1G";
    PrivateUsers = true;
    RestrictAddressFamilies = [
      "AF_UNIX"
      "AF_INET"
      "AF_INET6"
    ];
    TasksMax = 256;
  };

  # Answers DHCP and DNS on the bridge.
  dhcp = unprivileged // {
    AmbientCapabilities = [
      "CAP_NET_ADMIN"
      "CAP_NET_BIND_SERVICE"
      "CAP_NET_RAW"
    ];
    CapabilityBoundingSet = [
      "CAP_NET_ADMIN"
      "CAP_NET_BIND_SERVICE"
      "CAP_NET_RAW"
    ];
    MemoryDenyWriteExecute = true;
    MemoryMax = "256M";
    RestrictAddressFamilies = [
      "AF_UNIX"
      "AF_INET"
      "AF_INET6"
      "AF_NETLINK"
      "AF_PACKET"
    ];
    TasksMax = 32;
  };

  # Root, because it makes data sets, user namespaces' files and units; but it writes only what is listed. A mount made
  # here would stay here: `zfs`, which mounts, runs where the host's mounts are (zfs.sh), and what it mounts comes in.
  worker = common // {
    CapabilityBoundingSet = [
      "CAP_CHOWN"
      "CAP_DAC_OVERRIDE"
      "CAP_DAC_READ_SEARCH"
      "CAP_FOWNER"
      "CAP_FSETID"
      "CAP_KILL"
      "CAP_MKNOD"
      "CAP_NET_ADMIN"
      "CAP_SETFCAP"
      "CAP_SETGID"
      "CAP_SETPCAP"
      "CAP_SETUID"
      "CAP_SYS_ADMIN"
      "CAP_SYS_CHROOT"
      # To enter the mount namespace of the machine's first process.
      "CAP_SYS_PTRACE"
    ];
    DeviceAllow = [ "/dev/zfs rw" ];
    DevicePolicy = "closed";
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
    RestrictAddressFamilies = [
      "AF_UNIX"
      "AF_INET"
      "AF_INET6"
      "AF_NETLINK"
    ];
    # Images are built in namespaces of these kinds. Set-id bits are part of an image, so those are not forbidden.
    RestrictNamespaces = [
      "ipc"
      "mnt"
      "net"
      "pid"
      "user"
      "uts"
    ];
    SystemCallErrorNumber = "EPERM";
    SystemCallFilter = [
      "~@clock"
      "~@cpu-emulation"
      "~@debug"
      "~@module"
      "~@obsolete"
      "~@raw-io"
      "~@reboot"
      "~@swap"
    ];
  };
}
