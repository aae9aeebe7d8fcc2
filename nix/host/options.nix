# What the other files share: the package, the names, and the settings that become /etc/voxnix/settings.toml.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.voxnix;
  inherit (lib) mkOption types;
  settings = lib.filterAttrs (_: value: value != null) cfg.settings;

  # At the console, root has the programs and the secrets that the services have.
  console = pkgs.writeShellScriptBin "voxnix" ''
    export PATH=${lib.makeBinPath cfg.programs}:$PATH
    file=${lib.escapeShellArg (toString cfg.environmentFile)}
    if [ -r "$file" ]; then
      while IFS= read -r line; do
        case $line in
        [A-Z]*=*) export "$line" ;;
        esac
      done <"$file"
    fi
    exec ${lib.getExe cfg.package} "$@"
  '';
in
{
  options.services.voxnix = {
    enable = lib.mkEnableOption "Voxnix: containers that people ask for in plain words";

    package = mkOption {
      type = types.package;
      default = pkgs.callPackage ../package.nix { };
      defaultText = lib.literalMD "`nix/package.nix` of the same source";
      description = "The package with the `voxnix` command.";
    };

    command = mkOption {
      type = types.package;
      default = console;
      internal = true;
      readOnly = true;
      description = "The `voxnix` command as it works on this machine.";
    };

    environmentFile = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "/run/agenix/voxnix";
      description = ''
        A file of `NAME=value` lines for what is secret, such as `VOXNIX_MODEL_API_KEY`. systemd reads it, and only root
        needs to be able to; values are written without quotes. It must not be in the Nix store, where everybody can read.
      '';
    };

    settings = mkOption {
      default = { };
      description = ''
        Settings of Voxnix, as docs/settings.md lists them; they are written to /etc/voxnix/settings.toml, which
        everybody on the machine can read. What other options decide (the pool, the bridge, …) is set from those.
      '';
      type = types.submodule {
        freeformType = types.attrsOf (
          types.nullOr (
            types.oneOf [
              types.bool
              types.int
              types.float
              types.str
            ]
          )
        );
        options = {
          node_name = mkOption {
            type = types.strMatching "[a-z0-9][a-z0-9-]{0,62}";
            default = lib.toLower config.networking.hostName;
            defaultText = lib.literalExpression "config.networking.hostName";
            description = "What this machine is called.";
          };
          owner = mkOption {
            type = types.strMatching "[a-z0-9][a-z0-9._-]*";
            default = "admin";
            description = "Who the person at this machine's console is.";
          };
          state_version = mkOption {
            type = types.strMatching "[0-9]{2}\\.[0-9]{2}";
            default = "26.05";
            description = "NixOS release whose formats of data the guests keep; it stays when nixpkgs moves on.";
          };
          model = mkOption {
            type = types.nullOr types.str;
            default = null;
            example = "anthropic:claude-sonnet-4-5";
            description = "A language model as pydantic-ai names it; null means the phrasebook. Its key is secret: see `environmentFile`.";
          };
        };
      };
    };
  };

  config = lib.mkIf cfg.enable {
    services.voxnix.settings.embedded_worker = false;
    environment.systemPackages = [ cfg.command ];
    environment.etc."voxnix/settings.toml".text = (import ./toml.nix).render settings;
  };
}
