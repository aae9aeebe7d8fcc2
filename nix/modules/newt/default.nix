{
  summary = "Newt, the tunnel to a Pangolin server";
  description = "Pangolin's tunnel client: services of the container become reachable through a Pangolin server, without a port opened at home. It needs the server's address, and the id and the secret that the server shows for a site.";
  example = "add newt to web, for my pangolin at https://pangolin.example.com";

  options.endpoint = {
    type = "string";
    maxLength = 300;
    pattern = "(https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?)?";
    accepted = "the address of a Pangolin server, such as https://pangolin.example.com";
    default = "";
    description = "Address of the Pangolin server; there is no tunnel without it.";
  };

  secrets = {
    id.description = "Id of the site, as Pangolin shows it.";
    secret.description = "Secret of the site, as Pangolin shows it.";
  };

  nixos =
    {
      settings,
      lib,
      pkgs,
      ...
    }:
    {
      systemd.services.newt = lib.mkMerge [
        (import ../../lib/patient.nix)
        {
          description = "Tunnel to a Pangolin server";
          wantedBy = [ "multi-user.target" ];
          after = [ "network.target" ];
          path = [ pkgs.jq ];
          environment.HOME = "/run/newt";
          serviceConfig = {
            Type = "exec";
            # Its connection may come to a clean end too.
            Restart = lib.mkForce "always";
            DynamicUser = true;
            RuntimeDirectory = "newt";
            RuntimeDirectoryMode = "0700";
            UMask = "0077";
            LoadCredential = [
              "id:newt.id"
              "secret:newt.secret"
            ];
            CapabilityBoundingSet = "";
            LockPersonality = true;
            MemoryDenyWriteExecute = true;
            NoNewPrivileges = true;
            PrivateDevices = true;
            PrivateTmp = true;
            ProtectControlGroups = true;
            ProtectHome = true;
            ProtectKernelModules = true;
            ProtectKernelTunables = true;
            ProtectSystem = "strict";
            RestrictAddressFamilies = [
              "AF_INET"
              "AF_INET6"
              "AF_NETLINK"
              "AF_UNIX"
            ];
            RestrictNamespaces = true;
            RestrictRealtime = true;
            RestrictSUIDSGID = true;
            SystemCallArchitectures = "native";
            SystemCallFilter = [
              "@system-service"
              "~@privileged @resources"
            ];
            SystemCallErrorNumber = "EPERM";
          };
          script = ''
            endpoint=${lib.escapeShellArg settings.endpoint}
            if [ -z "$endpoint" ]; then
              echo "No endpoint was given: there is no Pangolin server to make a tunnel to."
              exit 75
            fi
            for secret in id secret; do
              if [ ! -s "$CREDENTIALS_DIRECTORY/$secret" ]; then
                echo "No secret newt.$secret was given: there is no tunnel."
                exit 75
              fi
            done
            # By file, since arguments and environment are there for others to see.
            jq --null-input --arg endpoint "$endpoint" \
              --rawfile id "$CREDENTIALS_DIRECTORY/id" --rawfile secret "$CREDENTIALS_DIRECTORY/secret" \
              '{endpoint: $endpoint, id: ($id | rtrimstr("\n")), secret: ($secret | rtrimstr("\n"))}' \
              > "$RUNTIME_DIRECTORY/config.json"
            # The server is not to open a shell here: that is the owner's to do.
            exec ${lib.getExe pkgs.fosrl-newt} --config-file "$RUNTIME_DIRECTORY/config.json" --disable-ssh
          '';
        }
      ];
    };
}
