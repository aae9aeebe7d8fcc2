{
  summary = "VS Code in the browser";
  description = "code-server: an editor with a terminal, for a browser, behind a password. The password is the one that is given; without one the container makes one at its first start, and code-server-password shows it.";
  example = "create a container called desk with code-server and git";

  options = {
    port = {
      type = "integer";
      minimum = 1024;
      maximum = 65535;
      default = 8080;
      description = "Port that it listens on.";
    };
    folder = {
      type = "string";
      maxLength = 200;
      pattern = "/[A-Za-z0-9._/-]*";
      accepted = "the path of a folder, such as /workspace";
      default = "/workspace";
      description = "Folder that is open at first.";
    };
  };

  ports = [
    {
      option = "port";
      protocol = "tcp";
      purpose = "the editor, over http";
    }
  ];

  secrets.password.description = "Password of the editor; optional.";

  nixos =
    {
      settings,
      config,
      lib,
      pkgs,
      utils,
      ...
    }:
    {
      environment.systemPackages = [
        (pkgs.writeShellScriptBin "code-server-password" ''
          if [ -s /run/credentials/@system/code-server.password ]; then
            echo "The password is the secret code-server.password that was given."
          else
            cat /var/lib/code-server/password
          fi
        '')
      ];

      systemd.services.code-server = {
        description = "VS Code in the browser";
        wantedBy = [ "multi-user.target" ];
        after = [ "network.target" ];
        # An editor's terminal has what a person's shell has.
        path = [
          pkgs.jq
          "/run/wrappers"
          "/run/current-system/sw"
        ];
        environment = {
          HOME = "/root";
          SHELL = utils.toShellPath config.users.users.root.shell;
        };
        serviceConfig = {
          Type = "exec";
          Restart = "always";
          RestartSec = "5s";
          LoadCredential = "password:code-server.password";
          RuntimeDirectory = "code-server";
          RuntimeDirectoryMode = "0700";
          StateDirectory = "code-server";
          StateDirectoryMode = "0700";
        };
        script = ''
          password="$CREDENTIALS_DIRECTORY/password"
          if [ ! -s "$password" ]; then
            password="$STATE_DIRECTORY/password"
            if [ ! -s "$password" ]; then
              (umask 077 && head -c 18 /dev/urandom | base64 > "$password.new" && mv "$password.new" "$password")
            fi
            echo "No secret code-server.password was given: the command code-server-password shows the one that was made."
          fi
          # By file, since arguments and environment are there for the terminal's programs to see.
          (umask 077 && head -n 1 "$password" | jq --raw-input '{auth: "password", password: .}' > "$RUNTIME_DIRECTORY/config.yaml")
          unset CREDENTIALS_DIRECTORY
          exec ${lib.getExe pkgs.code-server} --config "$RUNTIME_DIRECTORY/config.yaml" \
            --bind-addr 0.0.0.0:${toString settings.port} --user-data-dir "$STATE_DIRECTORY/data" \
            --extensions-dir "$STATE_DIRECTORY/extensions" --disable-telemetry --disable-update-check \
            ${lib.escapeShellArg settings.folder}
        '';
      };
    };
}
