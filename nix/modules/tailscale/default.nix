{
  summary = "Tailscale, in nobody's, the appliance's or your own tailnet";
  description = "A Tailscale node in the container. It is installed only, or enrolled in the tailnet that the appliance's owner provides, or in your own with a key that you give. It is called as the container is, tries again until it is enrolled, and logs out before the container is destroyed.";
  example = "add tailscale to dev, in my own tailnet";

  options = {
    tailnet = {
      type = "string";
      enum = [
        "none"
        "appliance"
        "own"
      ];
      default = "none";
      description = "Whose tailnet it joins: none leaves that to a person in the container, appliance takes the key that the appliance has, own the key that you give.";
    };
    ssh = {
      type = "boolean";
      default = false;
      description = "Run Tailscale SSH: who may come in is up to the tailnet's policy.";
    };
    ephemeral = {
      type = "boolean";
      default = true;
      description = "Whether a node that is enrolled with an OAuth secret vanishes from the tailnet when it is gone; an auth key says that itself.";
    };
    tags = {
      type = "array";
      items = {
        type = "string";
        maxLength = 50;
        pattern = "[A-Za-z][A-Za-z0-9-]*";
        accepted = "a tag without tag: before it, such as server";
      };
      default = [ ];
      description = "Tags that it asks for in your own tailnet; an OAuth secret without any asks for voxnix.";
    };
  };

  secrets = {
    appliance-key = {
      description = "Auth key of the appliance's tailnet; needed where tailnet is appliance.";
      when.tailnet = "appliance";
    };
    auth-key = {
      description = "Auth key or OAuth secret of your own tailnet; needed where tailnet is own.";
      when.tailnet = "own";
    };
  };

  devices = [ "/dev/net/tun" ];
  farewell = [ "/run/current-system/sw/bin/tailscale-farewell" ];

  nixos =
    {
      settings,
      config,
      lib,
      pkgs,
      ...
    }:
    let
      inherit (settings) tailnet;
      secret = if tailnet == "appliance" then "appliance-key" else "auth-key";
      # In the appliance's tailnet its key alone says which tags a container has: they are rights there.
      tags = if tailnet == "own" then map (tag: "tag:${tag}") settings.tags else [ ];
      joined = lib.concatStringsSep ",";
      ssh = "--ssh=${lib.boolToString settings.ssh}";
      status = "timeout 10 tailscale status --json --peers=false";

      # Asked for by the node before a container is destroyed: 0 only once it is known to be out of its tailnet.
      farewell = pkgs.writeShellScriptBin "tailscale-farewell" ''
        PATH=${
          lib.makeBinPath [
            config.services.tailscale.package
            config.systemd.package
            pkgs.coreutils
            pkgs.jq
          ]
        }
        if [ ! -s /var/lib/tailscale/tailscaled.state ]; then
          echo "It was never in a tailnet."
          exit 0
        fi
        systemctl --quiet stop tailscale-enrol.service 2>/dev/null
        systemctl start tailscaled.service
        # tailscaled says NeedsLogin from the moment it is told to log out; its key is gone only once the tailnet knows.
        out() {
          ${status} | jq --exit-status --slurp \
            '.[0] | (.BackendState | IN("NeedsLogin", "NoState")) and (.HaveNodeKey | not)' >/dev/null
        }
        out || timeout 45 tailscale logout
        if ! out; then
          echo "It may still be in its tailnet: tailscaled has a key of it, or does not answer." >&2
          exit 1
        fi
        echo "It is in no tailnet."
      '';
    in
    {
      services.tailscale = {
        enable = true;
        disableUpstreamLogging = true;
        # The last --tun counts: where a container was given no device for it, Tailscale does without.
        extraDaemonFlags = [ "--tun=tailscale0,userspace-networking" ];
      };
      environment.systemPackages = [ farewell ];

      systemd.services.tailscale-enrol = lib.mkIf (tailnet != "none") (
        lib.mkMerge [
          (import ../../lib/patient.nix)
          {
            description = "Enrolment in a tailnet";
            wantedBy = [ "multi-user.target" ];
            wants = [ "tailscaled.service" ];
            after = [ "tailscaled.service" ];
            path = [
              config.services.tailscale.package
              pkgs.jq
            ];
            serviceConfig = {
              # Not oneshot: nothing waits for its end, neither the boot nor a login. And what remains after its exit would
              # not come again.
              Type = "exec";
              LoadCredential = "key:tailscale.${secret}";
              RuntimeDirectory = "tailscale-enrol";
              RuntimeDirectoryMode = "0700";
              NoNewPrivileges = true;
              PrivateTmp = true;
              ProtectHome = true;
              ProtectSystem = "strict";
              UMask = "0077";
            };
            script = ''
              # A node that has a key and no network yet has no state either; its auth key may be good for one time only.
              state=$(${status} | jq --raw-output 'if .BackendState == "NoState" and .HaveNodeKey then "Starting" else .BackendState end')
              case $state in
                "") echo "tailscaled does not answer yet."; exit 75 ;;
                Running | Starting) exec tailscale set ${ssh} ;;
                Stopped) echo "A person took this node down: tailscale up brings it back."; exit 0 ;;
                NeedsMachineAuth) echo "An admin of the tailnet has to approve this node."; exit 75 ;;
              esac
              if [ ! -s "$CREDENTIALS_DIRECTORY/key" ]; then
                echo "No secret tailscale.${secret} was given: this container stays outside of the tailnet."
                exit 75
              fi
              key=$(<"$CREDENTIALS_DIRECTORY/key")
              tags=${lib.escapeShellArg (joined tags)}
              case $key in
                tskey-client-*)
                  # An OAuth secret, which makes a key for tagged nodes only; what comes after a ? is what the key may do.
                  [[ $key == *\?* ]] || key="$key?ephemeral=${lib.boolToString settings.ephemeral}&preauthorized=true"
                  tags=''${tags:-tag:voxnix}
                  ;;
              esac
              # By file, since the list of processes shows what a command is called with.
              trap 'rm -f "$RUNTIME_DIRECTORY/key"' EXIT
              printf %s "$key" > "$RUNTIME_DIRECTORY/key"
              # Without a name: it takes the one that the container has.
              timeout 90 tailscale up --reset --timeout=60s ${ssh} ''${tags:+--advertise-tags="$tags"} \
                --auth-key="file:$RUNTIME_DIRECTORY/key" || exit 75
            '';
          }
        ]
      );
    };
}
