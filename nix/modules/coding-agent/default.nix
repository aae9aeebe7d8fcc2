{
  summary = "A coding agent in a sandbox";
  description = "OpenCode, Claude Code or Gemini CLI under its own name, in a sandbox: as a user of its own without rights, who sees one folder of the workspace, /workspace/coder, and nothing else that is anybody's.";
  example = "create a container called helper with coding-agent, I want claude code";

  options = {
    agent = {
      type = "string";
      enum = [
        "opencode"
        "claude-code"
        "gemini-cli"
      ];
      default = "opencode";
      description = "Which one; it is called opencode, claude or gemini in a shell.";
    };
    provider = {
      type = "string";
      enum = [
        "anthropic"
        "openai"
        "google"
        "openrouter"
      ];
      default = "anthropic";
      description = "Whose the key is, for opencode; the others know their maker's alone.";
    };
  };

  secrets.api-key.description = "Key of the model's provider; optional where the agent can log in by itself.";

  unfree = [ "claude-code" ];

  nixos =
    {
      settings,
      config,
      lib,
      pkgs,
      ...
    }:
    let
      home = "/workspace/coder";
      agent =
        {
          opencode = {
            package = pkgs.opencode;
            variable =
              {
                anthropic = "ANTHROPIC_API_KEY";
                openai = "OPENAI_API_KEY";
                google = "GOOGLE_GENERATIVE_AI_API_KEY";
                openrouter = "OPENROUTER_API_KEY";
              }
              .${settings.provider};
          };
          claude-code = {
            package = pkgs.claude-code;
            variable = "ANTHROPIC_API_KEY";
          };
          gemini-cli = {
            package = pkgs.gemini-cli;
            variable = "GEMINI_API_KEY";
          };
        }
        .${settings.agent};
      inherit (agent.package.meta) mainProgram;

      sandbox = {
        User = "coder";
        Group = "coder";
        # The one secret that is its own.
        LoadCredential = "api-key:coding-agent.api-key";
        # The rest of the workspace is not there at all, and nothing outside of it can be written.
        TemporaryFileSystem = "/workspace:ro,mode=0755";
        BindPaths = home;
        ProtectSystem = "strict";
        ProtectHome = true;
        PrivateTmp = true;
        # Whoever may speak to these could have things done as root.
        InaccessiblePaths = "-/run/dbus -/run/systemd/private -/run/tailscale -/run/ttyd -/run/wrappers";
        PrivateDevices = true;
        PrivateIPC = true;
        ProtectProc = "invisible";
        ProtectClock = true;
        ProtectControlGroups = true;
        ProtectHostname = true;
        ProtectKernelLogs = true;
        ProtectKernelModules = true;
        ProtectKernelTunables = true;
        CapabilityBoundingSet = "";
        KeyringMode = "private";
        LockPersonality = true;
        NoNewPrivileges = true;
        RestrictAddressFamilies = "AF_UNIX AF_INET AF_INET6 AF_NETLINK";
        RestrictNamespaces = true;
        RestrictRealtime = true;
        RestrictSUIDSGID = true;
        SystemCallArchitectures = "native";
        SystemCallErrorNumber = "EPERM";
        SystemCallFilter = "@system-service";
        TasksMax = 1024;
        UMask = "0077";
      };
      shown = value: if builtins.isBool value then lib.boolToYesNo value else toString value;
      properties = lib.concatStringsSep " " (
        lib.mapAttrsToList (name: value: lib.escapeShellArg "--property=${name}=${shown value}") sandbox
      );

      # Inside: the key is in the environment of the agent, and of what it starts, alone.
      inside = pkgs.writeShellScript "coding-agent-inside" ''
        . /etc/set-environment
        export PATH=${
          lib.makeBinPath [
            agent.package
            pkgs.git
          ]
        }:$PATH
        if [ -s "$CREDENTIALS_DIRECTORY/api-key" ]; then
          export ${agent.variable}="$(<"$CREDENTIALS_DIRECTORY/api-key")"
        fi
        exec ${mainProgram} "$@"
      '';
      # The container's own systemd makes the sandbox: a program that makes its own needs namespaces, which are kept out.
      outside = pkgs.writeShellScriptBin mainProgram ''
        case $PWD/ in
          ${home}/*) folder=$PWD ;;
          *) folder=${home} ;;
        esac
        how=--pipe
        if [ -t 0 ] && [ -t 1 ]; then how=--pty; fi
        exec ${lib.getExe' config.systemd.package "systemd-run"} --quiet --collect --wait $how --service-type=exec --expand-environment=no \
          --working-directory="$folder" --setenv=TERM="''${TERM-dumb}" --setenv=COLORTERM="''${COLORTERM-}" \
          ${properties} -- ${inside} "$@"
      '';
    in
    {
      environment.systemPackages = [ outside ];
      users.users.coder = {
        isNormalUser = true;
        # The workspace outlives the container, and its files know people by number.
        uid = 2000;
        group = "coder";
        inherit home;
        createHome = false;
        useDefaultShell = true;
      };
      users.groups.coder.gid = 2000;
      systemd.tmpfiles.rules = [ "d ${home} 0700 coder coder -" ];
    };
}
