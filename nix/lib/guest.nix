# Modules and options become the system of a guest. Nothing of who asked for it, what it is called or what is secret
# goes in, so that everybody who wants the same things shares one system.
{
  check,
  modules,
  nixpkgs,
  overlays ? [ ],
  stateVersion,
  system ? builtins.currentSystem,
}:
let
  evalConfig = import (nixpkgs + "/nixos/lib/eval-config.nix");

  # A module of ours as NixOS wants it: a function of what it asks for, less the settings that we give it ourselves.
  adapted =
    name: settings:
    let
      inherit (modules.${name}) nixos;
      wanted = builtins.functionArgs nixos;
    in
    {
      _file = toString modules.${name}.folder + "/${name}/default.nix";
      imports = [
        {
          __functor = _: arguments: nixos (arguments // (if wanted ? settings then { inherit settings; } else { }));
          __functionArgs = builtins.removeAttrs wanted [ "settings" ];
        }
      ];
    };

  opened = protocol: composed: map (one: one.port) (
    builtins.filter (one: one.open && one.protocol == protocol) (
      builtins.concatLists (map (name: check.portsOf name composed.options.${name}) composed.modules)
    )
  );

  # The packages without a free licence that these modules may install, and no others.
  unfree = composed: builtins.concatLists (map (name: modules.${name}.unfree or [ ]) composed.modules);
  packageName = package: package.pname or (builtins.parseDrvName package.name).name;

  evaluated =
    composed:
    evalConfig {
      inherit system;
      modules = [
        ./base.nix
        {
          nixpkgs.overlays = overlays;
          # Said once for all of them: a predicate that a module set would shut out those of the others.
          nixpkgs.config.allowUnfreePredicate = package: builtins.elem (packageName package) (unfree composed);
          system.stateVersion = stateVersion;
          networking.firewall.allowedTCPPorts = opened "tcp" composed;
          networking.firewall.allowedUDPPorts = opened "udp" composed;
        }
      ]
      ++ map (name: adapted name composed.options.${name}) composed.modules;
    };
in
{
  inherit evaluated;
  mkGuest = composed: (evaluated composed).config.system.build.toplevel;
}
