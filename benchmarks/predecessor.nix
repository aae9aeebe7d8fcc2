# A container in the shape that it had before: `containers.<name>` with everything of the guest inline, its name and its
# owner within, evaluated together with the host's part of it, as extra-container does with a file. The host has the
# modules that such an evaluation needs and no others.
{
  nixpkgs,
  names,
  overlays ? [ ],
  system ? builtins.currentSystem,
}:
let
  nixos = nixpkgs + "/nixos";

  git.programs.git = {
    enable = true;
    config = {
      init.defaultBranch = "main";
      safe.directory = [
        "/workspace"
        "/workspace/*"
      ];
    };
  };
  fish =
    { pkgs, ... }:
    {
      programs.fish = {
        enable = true;
        shellAliases.ll = "ls -lh";
        interactiveShellInit = "set -g fish_greeting";
      };
      users.users.root.shell = pkgs.fish;
    };
  workspace =
    { pkgs, ... }:
    {
      environment.systemPackages = [
        pkgs.curl
        pkgs.file
        pkgs.less
        pkgs.nano
        pkgs.rsync
        pkgs.unzip
      ];
      environment.loginShellInit = "cd /workspace";
    };
  python =
    { pkgs, ... }:
    {
      environment.systemPackages = [
        (pkgs.python3.withPackages (packages: [ packages.pip ]))
        pkgs.uv
      ];
      programs.nix-ld.enable = true;
    };

  container = name: {
    privateNetwork = true;
    hostBridge = "br0";
    config = {
      imports = [
        git
        fish
        workspace
        python
      ];
      networking.hostName = name;
      environment.variables.OWNER = "1234567";
      nixpkgs.overlays = overlays;
      documentation.enable = false;
      system.stateVersion = "26.05";
    };
  };

  host =
    { lib, pkgs, ... }:
    let
      plain = default: lib.mkOption { inherit default; };
    in
    {
      # What these modules read of the rest of NixOS.
      options = {
        boot.kernelPackages.kernel.version = plain "6.12";
        i18n.imperativeLocale = plain false;
        networking.proxy.envVars = plain { };
        nix.package = plain pkgs.nix;
        services.openssh.enable = plain false;
        system.fsPackages = plain [ ];
        system.nixos-init.package = plain pkgs.hello;
        system.stateVersion = plain "26.05";
        systemd.user.generators = plain { };
        time.timeZone = plain null;
      };
      config = {
        # What is said to the modules that are not here goes nowhere.
        _module.check = false;
        nixpkgs.overlays = overlays;
        containers = lib.genAttrs names container;
        systemd.managerEnvironment = lib.mkForce { };
        systemd.timers = lib.mkForce { };
        systemd.targets = lib.mkForce { };
      };
    };

  evaluated = import (nixos + "/lib/eval-config.nix") {
    inherit system;
    # The modules that a tool for single containers evaluates as their host.
    baseModules = map (file: nixos + "/modules/${file}.nix") [
      "misc/assertions"
      "misc/extra-arguments"
      "misc/nixpkgs"
      "system/activation/top-level"
      "system/boot/systemd"
      "system/etc/etc"
      "virtualisation/nixos-containers"
    ];
    modules = [ host ];
  };
in
evaluated.config.system.build.etc.drvPath
