# What cannot work is said when the machine is evaluated, by the name of the option, with what it accepts.
{ config, lib, ... }:
let
  cfg = config.services.voxnix;
  inStore = file: file != null && lib.hasPrefix builtins.storeDir file;
  sizes = lib.filter (name: cfg.settings.${name} or null != null) [
    "evaluation_memory"
    "memory_max"
    "workload_quota"
  ];
  secrets = lib.filter (name: cfg.settings.${name} != null && builtins.match ".*(_key|_token|password).*" name != null) (
    lib.attrNames cfg.settings
  );
  otherBridges = lib.filterAttrs (
    _: container: container.hostBridge or null != null && container.hostBridge != cfg.network.bridge
  ) config.containers;
  dnsmasq = config.services.dnsmasq;
  says = assertion: message: { inherit assertion message; };
in
{
  config.assertions = lib.mkIf cfg.enable (
    [
      (says (config.networking.hostId != null) ''
        networking.hostId is not set: ZFS wants eight hexadecimal digits that no other machine with this pool has.
        Set it, for instance to what this prints: head -c4 /dev/urandom | od -A none -t x4'')
      (says (!lib.elem cfg.network.bridge cfg.network.uplinks) ''
        services.voxnix.network.uplinks has "${cfg.network.bridge}" in it, the bridge of the guests: name the interfaces
        that lead to the internet, or none for all.'')
      (says (!inStore cfg.environmentFile) ''
        services.voxnix.environmentFile is in the Nix store, where everybody can read it: name a file that is made on the
        machine, such as "/run/agenix/voxnix", as a string.'')
      (says (cfg.bot.enable -> cfg.environmentFile != null) ''
        services.voxnix.bot.enable is set, and services.voxnix.environmentFile is not: the bot would have no token. Name a
        file with the line VOXNIX_TELEGRAM_TOKEN=…, such as "/run/agenix/voxnix".'')
      (says (!inStore cfg.tailscale.authKeyFile) ''
        services.voxnix.tailscale.authKeyFile is in the Nix store, where everybody can read it: name a file that is made on
        the machine, such as "/run/agenix/tailscale", as a string.'')
      (says (cfg.guests.prebuilt == [ ] || inStore (cfg.settings.modules_dir or null) || cfg.settings.modules_dir or null == null) ''
        services.voxnix.guests.prebuilt is set, and services.voxnix.settings.modules_dir is a folder that may change without the
        machine: what is built beforehand could not be known again. Use services.voxnix.guests.modules, or prebuilt = [ ].'')
      (says (cfg.tailscale.onlySsh -> cfg.tailscale.enable) ''
        services.voxnix.tailscale.onlySsh is set, and services.voxnix.tailscale.enable is not: nobody could reach this
        machine by SSH. Set both, or neither.'')
      (says (dnsmasq.enable -> dnsmasq.settings.bind-interfaces or false || dnsmasq.settings.bind-dynamic or false) ''
        services.dnsmasq answers on all interfaces, and so nobody else can on ${cfg.network.bridge}: set
        services.dnsmasq.settings.bind-dynamic = true.'')
    ]
    ++ map (
      name:
      says false ''
        services.voxnix.settings.${name} would lie in the Nix store, where everybody can read it: write it as
        VOXNIX_${lib.toUpper name}=… into the file that services.voxnix.environmentFile names.''
    ) secrets
    ++ map (
      name:
      says (builtins.match "[1-9][0-9]*[KMGT]" (toString cfg.settings.${name}) != null) ''
        services.voxnix.settings.${name} is "${toString cfg.settings.${name}}": it has to be a number with K, M, G or T, such
        as "10G".''
    ) sizes
    ++ lib.mapAttrsToList (
      name: container:
      says false ''
        containers.${name}.hostBridge is "${container.hostBridge}": on this machine every container's interface is put on
        services.voxnix.network.bridge, "${cfg.network.bridge}". Use that, or hostAddress and localAddress without a bridge.''
    ) otherBridges
  );
}
