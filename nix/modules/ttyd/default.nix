{
  summary = "A terminal in the browser, behind a password";
  description = "ttyd: a shell of the container in a browser, for the user voxnix with the password that is given. Without one nothing listens.";
  example = "add ttyd to dev";

  options = {
    port = {
      type = "integer";
      minimum = 1024;
      maximum = 65535;
      default = 7681;
      description = "Port that it listens on.";
    };
    writable = {
      type = "boolean";
      default = true;
      description = "Whether one can type, or only look.";
    };
    clients = {
      type = "integer";
      minimum = 1;
      maximum = 50;
      default = 5;
      description = "How many terminals there can be at once.";
    };
  };

  ports = [
    {
      option = "port";
      protocol = "tcp";
      purpose = "the terminal, over http";
    }
  ];

  secrets.password.description = "Password of the terminal; nothing listens without it.";

  nixos =
    {
      settings,
      config,
      lib,
      pkgs,
      utils,
      ...
    }:
    let
      shell = utils.toShellPath config.users.users.root.shell;
      # ttyd itself takes a password from its command line alone, where everybody in the container can read it. So it
      # listens where only this gate comes, which asks for the password.
      gate = pkgs.writeText "ttyd-gate.conf" ''
        daemon off;
        worker_processes 1;
        pid /run/ttyd-gate/pid;
        error_log stderr warn;
        events { }
        http {
          access_log off;
          server_tokens off;
          client_body_temp_path /run/ttyd-gate/body;
          proxy_temp_path /run/ttyd-gate/proxy;
          fastcgi_temp_path /run/ttyd-gate/fastcgi;
          uwsgi_temp_path /run/ttyd-gate/uwsgi;
          scgi_temp_path /run/ttyd-gate/scgi;
          # Guessing is slow.
          limit_req_zone $binary_remote_addr zone=guesses:1m rate=5r/s;
          map $http_upgrade $connection_upgrade {
            default upgrade;
            "" close;
          }
          server {
            listen ${toString settings.port};
            location / {
              auth_basic "terminal";
              auth_basic_user_file /run/ttyd-gate/users;
              limit_req zone=guesses burst=20 nodelay;
              proxy_pass http://unix:/run/ttyd/ttyd.sock;
              proxy_http_version 1.1;
              proxy_set_header Host $http_host;
              proxy_set_header Upgrade $http_upgrade;
              proxy_set_header Connection $connection_upgrade;
              proxy_set_header Authorization "";
              proxy_read_timeout 1d;
            }
          }
        }
      '';
    in
    {
      users.users.ttyd-gate = {
        isSystemUser = true;
        group = "ttyd-gate";
      };
      users.groups.ttyd-gate = { };

      systemd.services.ttyd = {
        description = "Terminals for the browser";
        wantedBy = [ "multi-user.target" ];
        path = [
          "/run/wrappers"
          "/run/current-system/sw"
        ];
        serviceConfig = {
          Type = "exec";
          Restart = "always";
          RestartSec = "5s";
          # Named, so that its shells have the home and the name that a login has.
          User = "root";
          RuntimeDirectory = "ttyd";
          # ttyd's own --socket-owner depends on how libwebsockets was built. Until then the socket is root's alone.
          ExecStartPost = pkgs.writeShellScript "ttyd-socket" ''
            until [ -S /run/ttyd/ttyd.sock ]; do sleep 0.1; done
            chown root:ttyd-gate /run/ttyd/ttyd.sock
            chmod 0660 /run/ttyd/ttyd.sock
          '';
          # A page of somebody else's that is open in the same browser knows no password, but the browser does.
          ExecStart = utils.escapeSystemdExecArgs (
            [
              (lib.getExe pkgs.ttyd)
              "--interface"
              "/run/ttyd/ttyd.sock"
              "--check-origin"
              "--max-clients"
              (toString settings.clients)
              "--cwd"
              "/workspace"
              "--debug"
              "3"
            ]
            ++ lib.optional settings.writable "--writable"
            ++ [
              shell
              "-l"
            ]
          );
        };
      };

      systemd.services.ttyd-gate = lib.mkMerge [
        (import ../../lib/patient.nix)
        {
          description = "Password in front of the terminals for the browser";
          wantedBy = [ "multi-user.target" ];
          after = [
            "network.target"
            "ttyd.service"
          ];
          path = [ pkgs.openssl ];
          serviceConfig = {
            Type = "exec";
            User = "ttyd-gate";
            Group = "ttyd-gate";
            RuntimeDirectory = "ttyd-gate";
            RuntimeDirectoryMode = "0700";
            UMask = "0077";
            LoadCredential = "password:ttyd.password";
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
              "AF_UNIX"
            ];
            RestrictNamespaces = true;
            RestrictRealtime = true;
            RestrictSUIDSGID = true;
            SystemCallArchitectures = "native";
            SystemCallFilter = [
              "@system-service"
              "~@privileged"
            ];
            SystemCallErrorNumber = "EPERM";
          };
          script = ''
            if [ ! -s "$CREDENTIALS_DIRECTORY/password" ]; then
              echo "No secret ttyd.password was given: there is no terminal in the browser."
              exit 75
            fi
            hash=$(head -n 1 "$CREDENTIALS_DIRECTORY/password" | openssl passwd -6 -stdin)
            printf 'voxnix:%s\n' "$hash" > "$RUNTIME_DIRECTORY/users"
            exec ${lib.getExe pkgs.nginx} -e stderr -p /run/ttyd-gate -c ${gate}
          '';
        }
      ];
    };
}
