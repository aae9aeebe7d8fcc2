# A container in the shape that it had before: `containers.<name>` with everything of the guest inline, its name and its
# owner within, evaluated together with the host's part of it. The host has the modules that `containers` itself needs
# and no others, and what it reads of the rest are plain values: less than any tool evaluates for it.
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
    { lib, ... }:
    {
      options.environment.etc = lib.mkOption { type = lib.types.lazyAttrsOf lib.types.anything; };
      options.system.stateVersion = lib.mkOption { };
      options.boot.kernelPackages = lib.mkOption { };
      config = {
        # What is said to the modules that are not here goes nowhere.
        _module.check = false;
        nixpkgs.overlays = overlays;
        system.stateVersion = "26.05";
        boot.kernelPackages.kernel.version = "6.12";
        containers = lib.genAttrs names container;
      };
    };

  evaluated = import (nixos + "/lib/eval-config.nix") {
    inherit system;
    baseModules = [
      (nixos + "/modules/misc/assertions.nix")
      (nixos + "/modules/misc/extra-arguments.nix")
      (nixos + "/modules/misc/nixpkgs.nix")
      (nixos + "/modules/virtualisation/nixos-containers.nix")
    ];
    modules = [ host ];
  };
in
# The file that names the guest's system: with it in hand, the container can be started.
map (name: evaluated.config.environment.etc."nixos-containers/${name}.conf".text) names
