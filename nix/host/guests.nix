# What guests are made of: the modules, nixpkgs, a static busybox for the small derivations, and systems that are built
# with the machine's own, so that the first container with a popular set of modules waits for nothing.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.voxnix;
  inherit (cfg) guests;
  inherit (lib) mkOption types;

  # A guest as the worker would make it, from the same functions.
  make =
    wanted:
    wanted
    // {
      system = "${
        (import (guests.source + "/lib") {
          # A path is made of it over there, which a string that knows where it comes from cannot be.
          nixpkgs = builtins.unsafeDiscardStringContext (toString guests.nixpkgs);
          own = if guests.modules == null then "" else toString guests.modules;
          spec = builtins.toJSON (
            wanted
            // {
              version = 1;
              name = "guest";
            }
          );
          stateVersion = cfg.settings.state_version;
          inherit (pkgs.stdenv.hostPlatform) system;
          inherit (guests) overlays;
        }).guest
      }";
    };
  # The worker knows a guest by a digest that the package computes, of its own files among others.
  prebuilt =
    pkgs.runCommand "voxnix-prebuilt.json"
      {
        guests = builtins.toJSON (map make guests.prebuilt);
        settings = config.environment.etc."voxnix/settings.toml".text;
        passAsFile = [
          "guests"
          "settings"
        ];
      }
      ''
        VOXNIX_SETTINGS=$settingsPath ${cfg.package}/bin/python -P ${./prebuilt.py} "$guestsPath" >$out
      '';
in
{
  options.services.voxnix.guests = {
    source = mkOption {
      type = types.path;
      default = ../.;
      defaultText = lib.literalMD "`nix/` of the same source";
      description = "Folder with the functions and modules that prebuilt guests are made of: what the package has.";
    };
    modules = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = lib.literalExpression "./modules";
      description = ''
        Folder with modules of your own, beside the ones built in. It becomes part of the machine; for one that is changed
        between deploys set `settings.modules_dir` instead, and build no guests beforehand.
      '';
    };
    nixpkgs = mkOption {
      type = types.either types.path types.str;
      default = pkgs.path;
      defaultText = lib.literalExpression "pkgs.path";
      description = "nixpkgs that guests are built from.";
    };
    prebuilt = mkOption {
      type = types.listOf (
        types.submodule {
          options = {
            modules = mkOption {
              type = types.listOf types.str;
              example = [
                "fish"
                "git"
              ];
              description = "Modules of the guest.";
            };
            options = mkOption {
              type = types.attrsOf (types.attrsOf types.anything);
              default = { };
              description = "Their options, by module; what is left out has its default.";
            };
          };
        }
      );
      default = [ ];
      description = "Guests whose systems are built with the machine's own: the first container like one of them waits for no build.";
    };
    overlays = mkOption {
      type = types.listOf types.raw;
      default = [ ];
      internal = true;
      description = "Overlays for evaluating prebuilt guests on a nixpkgs that is not whole; the worker has none.";
    };
    busybox = mkOption {
      type = types.package;
      default = pkgs.busybox.override { enableStatic = true; };
      defaultText = lib.literalExpression "pkgs.busybox.override { enableStatic = true; }";
      description = "A static busybox: it puts a container's unit into the store, without a shell of the machine.";
    };
    evaluations = mkOption {
      type = types.ints.positive;
      default = 1;
      description = "How many guests may be evaluated at the same time.";
    };
    evaluationMemory = mkOption {
      type = types.str;
      default = "4G";
      description = "Limit of the memory of one evaluation.";
    };
  };

  config = lib.mkIf cfg.enable {
    services.voxnix.settings = {
      guest_builder = "nix";
      nixpkgs = "${guests.nixpkgs}";
      busybox = "${guests.busybox}/bin/busybox";
      extra_container = "extra-container";
      evaluation_memory = guests.evaluationMemory;
      inherit (guests) evaluations;
      prebuilt = "/etc/voxnix/prebuilt.json";
      secrets_dir = "/var/lib/voxnix/secrets";
      modules_dir = lib.mkIf (guests.modules != null) "${guests.modules}";
    };
    environment.etc."voxnix/prebuilt.json".source = prebuilt;
  };
}
