# One container on its node: the unit that boots it and the settings that extra-container installs with it. With
# builtins alone and no NixOS evaluated, as this is on the way of every create.
#
# The parameters are an attribute set, or JSON of one:
#   machine      its name on the node
#   hostname     what it calls itself
#   system       store path of the guest's system; what boots is its `init`
#   root         folder with its root file system, a mount point; empty before the first boot
#   binds        [ { source; target; } ]: folders of the node in the guest, each source a mount point
#   bridge       the bridge of its interface
#   uidBase      the node's user id that is root inside, a multiple of 65536
#   idmap        whether files lie on disk with the user ids that they have inside; else they are in the range
#   memoryMax    such as "2G"
#   tasksMax     processes and threads
#   credentials  [ { id; path; } ]: files of the node that become systemd credentials of the guest
#   devices      device nodes of the node that it may use
#   requires     units without which it does not start: the firewall's
#   nspawn       the program systemd-nspawn
#   busybox      the program busybox, linked statically: in the store, or anywhere
{ parameters }:
let
  inherit (builtins)
    concatMap
    concatStringsSep
    filter
    fromJSON
    isBool
    isInt
    isList
    isString
    match
    replaceStrings
    stringLength
    substring
    ;

  given = if isString parameters then fromJSON parameters else parameters;
  range = 65536;

  # The one device that nspawn itself makes in a container, for its root; up to 257 in each one, or it fails.
  tun = "/dev/net/tun";

  text = pattern: value: isString value && stringLength value < 4096 && match pattern value != null;
  all = accepts: value: isList value && builtins.all accepts value;
  path = text "/[^[:cntrl:]]*[^[:cntrl:] ]";
  program = text "/[A-Za-z0-9/._+-]+";
  name = text "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";

  fields = {
    machine = {
      accepts = name;
      accepted = "1 to 63 of a-z, 0-9 and -";
    };
    hostname = {
      accepts = name;
      accepted = "1 to 63 of a-z, 0-9 and -";
    };
    system = {
      accepts = text "${builtins.storeDir}/[A-Za-z0-9+._?=-]+";
      accepted = "a path in the store";
    };
    root = {
      accepts = path;
      accepted = "an absolute path on one line";
    };
    binds = {
      accepts = all (bind: path (bind.source or null) && path (bind.target or null));
      accepted = "a list of absolute paths, each a source and a target";
    };
    bridge = {
      accepts = text "[A-Za-z0-9_-]{1,15}";
      accepted = "the name of a network interface";
    };
    uidBase = {
      accepts = value: isInt value && value >= range && (value / range) * range == value;
      accepted = "a multiple of ${toString range}";
    };
    idmap = {
      accepts = isBool;
      accepted = "true or false";
    };
    memoryMax = {
      accepts = text "[1-9][0-9]*[KMGT]?";
      accepted = "a size such as 2G";
    };
    tasksMax = {
      accepts = value: isInt value && value > 0;
      accepted = "a number above 0";
    };
    credentials = {
      accepts = all (one: text "[A-Za-z0-9_.-]{1,255}" (one.id or null) && path (one.path or null));
      accepted = "a list of names, each with the absolute path of a file";
    };
    devices = {
      accepts = all (text "/dev/[A-Za-z0-9/_.-]+");
      accepted = "a list of device nodes below /dev";
    };
    requires = {
      accepts = all (text "[A-Za-z0-9:_.@-]+\\.(service|target)");
      accepted = "a list of services and targets";
    };
    nspawn = {
      accepts = program;
      accepted = "the absolute path of a program";
    };
    busybox = {
      accepts = text "/[A-Za-z0-9/._+-]*/busybox";
      accepted = "the absolute path of a program that is called busybox";
    };
  };

  refuse =
    field: accepted:
    throw "voxnix: ${
      builtins.toJSON {
        code = "invalid_instance";
        module = "";
        option = field;
        inherit accepted;
        message = "${field} of a container has to be ${accepted}.";
      }
    }";

  unknown = filter (field: !(fields ? ${field})) (builtins.attrNames given);
  checked =
    if unknown != [ ] then
      refuse (builtins.head unknown) (concatStringsSep ", " (builtins.attrNames fields))
    else
      builtins.mapAttrs (
        field: rule:
        if given ? ${field} && rule.accepts given.${field} then given.${field} else refuse field rule.accepted
      ) fields;

  # In a unit a per cent sign begins a specifier, in a command a dollar sign a variable; in quotes a word may have
  # spaces. nspawn takes binds apart at colons.
  plain = replaceStrings [ "%" ] [ "%%" ];
  quoted = value: "\"${replaceStrings [ "\\" "\"" ] [ "\\\\" "\\\"" ] (plain value)}\"";
  word =
    value:
    if match "[A-Za-z0-9/.,:=@_+-]+" value != null then value else quoted (replaceStrings [ "$" ] [ "$$" ] value);
  ofBind = replaceStrings [ "\\" ":" ] [ "\\\\" "\\:" ];

  lines = concatMap (line: [ "${line}\n" ]);
  unitName = "container@${checked.machine}.service";
  confPath = "nixos-containers/${checked.machine}.conf";

  render =
    busybox:
    let
      inherit (checked)
        machine
        root
        binds
        credentials
        devices
        requires
        ;
      mapped = if checked.idmap then ":idmap" else "";
      owner = toString (if checked.idmap then 0 else checked.uidBase);
      mounts = [ root ] ++ map (bind: bind.source) binds;

      command = [
        checked.nspawn
        "--quiet"
        "--keep-unit"
        # What lies beside the root or in /etc/systemd/nspawn has no say.
        "--settings=no"
        "--machine=${machine}"
        "--hostname=${checked.hostname}"
        "--directory=${root}"
        "--private-users=${toString checked.uidBase}:${toString range}"
        "--private-users-ownership=${if checked.idmap then "map" else "off"}"
        "--network-bridge=${checked.bridge}"
        # The store, and neither its database nor the daemon's socket: who reaches that one is trusted by Nix.
        "--bind-ro=${builtins.storeDir}:${builtins.storeDir}${mapped}"
      ]
      ++ map (bind: "--bind=${ofBind bind.source}:${ofBind bind.target}${mapped}") binds
      ++ map (device: "--bind=${device}") (filter (device: device != tun) devices)
      ++ map (one: "--load-credential=${one.id}:${one.path}") credentials
      ++ [
        "--notify-ready=yes"
        "--kill-signal=SIGRTMIN+3"
        "--link-journal=no"
        "--resolv-conf=off"
        "--timezone=off"
      ];

      before = concatStringsSep "" (
        lines (
          [
            "[Unit]"
            "Description=Container ${machine}"
            "PartOf=machines.target"
            "Before=machines.target"
            "After=${concatStringsSep " " ([ "network.target" ] ++ requires)}"
          ]
          ++ map (unit: "Requires=${unit}") requires
          # An unmounted folder looks like an empty one, and RequiresMountsFor knows only the mounts that systemd sees.
          ++ map (folder: "RequiresMountsFor=${quoted folder}") mounts
          ++ map (folder: "AssertPathIsMountPoint=${plain folder}") mounts
          ++ [
            ""
            "[Service]"
            "Type=notify"
            "EnvironmentFile=/etc/${confPath}"
            # nspawn refuses a root without /usr. It is made, and given away, without following what a guest may
            # have left there instead.
            "ExecStartPre=${busybox} mkdir -p ${word "${root}/usr"}"
            "ExecStartPre=${busybox} chown -h ${owner}:${owner} ${word "${root}/usr"}"
            "ExecStart=${concatStringsSep " \\\n  " (map word command ++ [ "\${SYSTEM_PATH}/init" ])}"
            "KillMode=mixed"
            "SuccessExitStatus=133"
            "RestartForceExitStatus=133"
            "TimeoutStartSec=90"
            "TimeoutStopSec=90"
            "WatchdogSec=3min"
            "Slice=machine.slice"
            "Delegate=yes"
            "DelegateSubgroup=supervisor"
            "MemoryMax=${checked.memoryMax}"
            "TasksMax=${toString checked.tasksMax}"
            "DevicePolicy=closed"
            "DeviceAllow=char-pts rw"
            # That it may be made does not allow to open it.
            "DeviceAllow=${tun} m"
          ]
          ++ map (device: "DeviceAllow=${device} rwm") devices
        )
      );
    in
    # Whether a running container is of this unit is read from its environment.
    before + "Environment=VOXNIX_UNIT=${builtins.hashString "sha256" before}\n";

  conf = concatStringsSep "" (lines [
    "SYSTEM_PATH=${checked.system}"
    "PRIVATE_NETWORK=1"
    "HOST_BRIDGE=${checked.bridge}"
    "AUTO_START=0"
  ]);

  # Of a program outside of the store, the program alone is put in, under its name: it is what it is called.
  stored =
    file:
    if substring 0 (stringLength builtins.storeDir + 1) file == "${builtins.storeDir}/" then
      builtins.storePath file
    else
      "${
        builtins.path {
          name = "busybox";
          path = builtins.dirOf file;
          filter = entry: _: baseNameOf entry == "busybox";
        }
      }/busybox";

  busybox = stored checked.busybox;
  make =
    name: attributes: script:
    derivation (
      {
        inherit name;
        builder = busybox;
        system = builtins.currentSystem;
        args = [
          "sh"
          "-euc"
          ''
            busybox() { ${busybox} "$@"; }
            ${script}
          ''
        ];
        # Made in less time than it would take to ask for it elsewhere.
        preferLocalBuild = true;
        allowSubstitutes = false;
      }
      // attributes
    );

  # A path of its own that does not know the system: while it stays the same, only the system has changed.
  unitFile =
    make "unit-${checked.machine}"
      {
        text = render busybox;
        passAsFile = [ "text" ];
      }
      ''
        busybox mkdir $out
        busybox cp "$textPath" "$out/${unitName}"
      '';
in
{
  unit = render checked.busybox;
  inherit conf;

  instance =
    make "container-${checked.machine}"
      {
        inherit conf;
        # Built before, or by the same evaluation: then the text itself knows what it is made of.
        guest = if builtins.hasContext checked.system then checked.system else builtins.storePath checked.system;
        passAsFile = [ "conf" ];
      }
      ''
        busybox mkdir -p $out/etc/systemd/system $out/etc/nixos-containers
        busybox ln -s "${unitFile}/${unitName}" $out/etc/systemd/system/
        busybox cp "$confPath" "$out/etc/${confPath}"
      '';
}
