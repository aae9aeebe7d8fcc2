# What nix/lib/instance.nix renders, and refuses. Nothing is built: the texts are values.
let
  instance = changed: import ../lib/instance.nix { parameters = parameters // changed; };
  unit = changed: (instance changed).unit;
  linesOf = text: builtins.filter builtins.isString (builtins.split "\n" text);
  has = line: text: builtins.elem line (linesOf text);
  begins =
    start: text:
    builtins.filter (line: builtins.substring 0 (builtins.stringLength start) line == start) (linesOf text);
  without = field: import ../lib/instance.nix { parameters = builtins.removeAttrs parameters [ field ]; };

  system = "/nix/store/00000000000000000000000000000000-nixos-system";
  parameters = {
    machine = "dev-abcde";
    hostname = "dev";
    inherit system;
    root = "/var/lib/machines/dev-abcde";
    binds = [
      {
        source = "/tank/w/dev-abcde";
        target = "/workspace";
      }
    ];
    bridge = "voxnix0";
    uidBase = 1048576;
    idmap = false;
    memoryMax = "2G";
    tasksMax = 4096;
    credentials = [ ];
    devices = [ ];
    requires = [ ];
    nspawn = "/usr/bin/systemd-nspawn";
    busybox = "/bin/busybox";
  };

  refused = field: accepted: {
    error = "voxnix: ${
      builtins.toJSON {
        code = "invalid_instance";
        module = "";
        option = field;
        inherit accepted;
        message = "${field} of a container has to be ${accepted}.";
      }
    }";
  };
  refusal = field: value: accepted: { expr = unit { ${field} = value; }; } // refused field accepted;
  names = "1 to 63 of a-z, 0-9 and -";
  path = "an absolute path on one line";
in
{
  "the settings are a system and what extra-container's friends read" = {
    expr = (instance { }).conf;
    expected = "SYSTEM_PATH=${system}\nPRIVATE_NETWORK=1\nHOST_BRIDGE=voxnix0\nAUTO_START=0\n";
  };

  "parameters may be JSON" = {
    expr = (import ../lib/instance.nix { parameters = builtins.toJSON parameters; }).unit == unit { };
    expected = true;
  };

  "a unit is whole" = {
    expr = builtins.filter (line: begins "Environment=VOXNIX_UNIT=" line == [ ]) (linesOf (unit { }));
    expected = linesOf ''
      [Unit]
      Description=Container dev-abcde
      PartOf=machines.target
      Before=machines.target
      After=network.target
      RequiresMountsFor="/var/lib/machines/dev-abcde"
      RequiresMountsFor="/tank/w/dev-abcde"
      AssertPathIsMountPoint=/var/lib/machines/dev-abcde
      AssertPathIsMountPoint=/tank/w/dev-abcde

      [Service]
      Type=notify
      EnvironmentFile=/etc/nixos-containers/dev-abcde.conf
      ExecStartPre=/bin/busybox mkdir -p /var/lib/machines/dev-abcde/usr
      ExecStartPre=/bin/busybox chown -h 1048576:1048576 /var/lib/machines/dev-abcde/usr
      ExecStart=/usr/bin/systemd-nspawn \
        --quiet \
        --keep-unit \
        --settings=no \
        --machine=dev-abcde \
        --hostname=dev \
        --directory=/var/lib/machines/dev-abcde \
        --private-users=1048576:65536 \
        --private-users-ownership=off \
        --network-bridge=voxnix0 \
        --bind-ro=/nix/store:/nix/store \
        --bind=/tank/w/dev-abcde:/workspace \
        --notify-ready=yes \
        --kill-signal=SIGRTMIN+3 \
        --link-journal=no \
        --resolv-conf=off \
        --timezone=off \
        ''${SYSTEM_PATH}/init
      KillMode=mixed
      SuccessExitStatus=133
      RestartForceExitStatus=133
      TimeoutStartSec=90
      TimeoutStopSec=90
      WatchdogSec=3min
      Slice=machine.slice
      Delegate=yes
      DelegateSubgroup=supervisor
      MemoryMax=2G
      TasksMax=4096
      DevicePolicy=closed
      DeviceAllow=char-pts rw
      DeviceAllow=/dev/net/tun m
    '';
  };

  "the unit does not know the system" = {
    expr = unit { } == unit { system = "${system}-2"; };
    expected = true;
  };

  "the mark of a unit is that of its text" = {
    expr = begins "Environment=VOXNIX_UNIT=" (unit { }) == begins "Environment=VOXNIX_UNIT=" (unit { tasksMax = 1; });
    expected = false;
  };

  "with mapped ids files belong to root on disk, and the store to root inside" = {
    expr = map (line: has line (unit { idmap = true; })) [
      "ExecStartPre=/bin/busybox chown -h 0:0 /var/lib/machines/dev-abcde/usr"
      "  --private-users-ownership=map \\"
      "  --bind-ro=/nix/store:/nix/store:idmap \\"
      "  --bind=/tank/w/dev-abcde:/workspace:idmap \\"
    ];
    expected = [
      true
      true
      true
      true
    ];
  };

  "a credential is a name and a file" = {
    expr = begins "  --load-credential" (unit {
      credentials = [
        {
          id = "tailscale.auth-key";
          path = "/var/lib/voxnix/secrets/1/auth-key";
        }
      ];
    });
    expected = [ "  --load-credential=tailscale.auth-key:/var/lib/voxnix/secrets/1/auth-key \\" ];
  };

  "a device is allowed and bound" = {
    expr =
      let
        text = unit { devices = [ "/dev/kvm" ]; };
      in
      [
        (has "DeviceAllow=/dev/kvm rwm" text)
        (has "  --bind=/dev/kvm \\" text)
      ];
    expected = [
      true
      true
    ];
  };

  "the device that nspawn makes is allowed and not bound" = {
    expr =
      let
        text = unit { devices = [ "/dev/net/tun" ]; };
      in
      [
        (begins "DeviceAllow=/dev/net/tun" text)
        (begins "  --bind=/dev" text)
      ];
    expected = [
      [
        "DeviceAllow=/dev/net/tun m"
        "DeviceAllow=/dev/net/tun rwm"
      ]
      [ ]
    ];
  };

  "without a firewall there is no start" = {
    expr =
      let
        text = unit { requires = [ "nftables.service" ]; };
      in
      [
        (has "Requires=nftables.service" text)
        (has "After=network.target nftables.service" text)
      ];
    expected = [
      true
      true
    ];
  };

  "what systemd and nspawn would read as something else is escaped" = {
    expr =
      let
        text = unit {
          binds = [
            {
              source = ''/tank/a b%n:c\d"e$f'';
              target = "/in:side";
            }
          ];
        };
      in
      map (line: has line text) [
        ''RequiresMountsFor="/tank/a b%%n:c\\d\"e$f"''
        ''AssertPathIsMountPoint=/tank/a b%%n:c\d"e$f''
        ("  " + ''"--bind=/tank/a b%%n\\:c\\\\d\"e$$f:/in\\:side" \'')
      ];
    expected = [
      true
      true
      true
    ];
  };

  "a machine's name is plain" = refusal "machine" "Dev" names;
  "a machine's name is one line" = refusal "machine" "dev\n" names;
  "a machine's name reaches no other folder" = refusal "machine" "../x" names;
  "a machine's name has no specifier" = refusal "machine" "%i" names;
  "a machine's name is not too long" = refusal "machine" (builtins.concatStringsSep "" (builtins.genList (_: "a") 64)) names;
  "a host name is plain" = refusal "hostname" "a b" names;
  "a system is in the store" = refusal "system" "/tmp/system" "a path in the store" // {
    expr = (instance { system = "/tmp/system"; }).conf;
  };
  "a system is a path of the store itself" = refusal "system" "${system}/x" "a path in the store" // {
    expr = (instance { system = "${system}/x"; }).conf;
  };
  "a root is absolute" = refusal "root" "machines" path;
  "a root is on one line" = refusal "root" "/a\n--bind=/" path;
  "a bind is absolute" =
    refusal "binds" [ { source = "w"; target = "/w"; } ] "a list of absolute paths, each a source and a target";
  "a bind has a target" =
    refusal "binds" [ { source = "/w"; } ] "a list of absolute paths, each a source and a target";
  "a bridge is an interface" = refusal "bridge" "voxnix0 x" "the name of a network interface";
  "a range of ids begins where one can" = refusal "uidBase" 65537 "a multiple of 65536";
  "root is nobody's range" = refusal "uidBase" 0 "a multiple of 65536";
  "mapping is yes or no" = refusal "idmap" "yes" "true or false";
  "a limit of memory is a size" = refusal "memoryMax" "lots" "a size such as 2G";
  "a limit of tasks is a number" = refusal "tasksMax" "4096" "a number above 0";
  "a credential's name is plain" = refusal "credentials" [
    {
      id = "a:b";
      path = "/x";
    }
  ] "a list of names, each with the absolute path of a file";
  "a device is below /dev" = refusal "devices" [ "/etc/shadow" ] "a list of device nodes below /dev";
  "a required unit is one" = refusal "requires" [ "a b.service" ] "a list of services and targets";
  "nspawn is a program" = refusal "nspawn" "systemd-nspawn" "the absolute path of a program";
  "busybox is called so" =
    refusal "busybox" "/bin/sh" "the absolute path of a program that is called busybox"
    // {
      expr = unit { busybox = "/bin/sh"; };
    };
  "every parameter has to be there" = { expr = (without "bridge").unit; } // refused "bridge" "the name of a network interface";
  "another parameter is a mistake" = {
    expr = unit { bridges = "voxnix0"; };
    error = ''"option":"bridges"'';
  };
}
