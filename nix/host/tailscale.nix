# The machine itself on a tailnet, to be reached for administration.
{
  config,
  lib,
  ...
}:
let
  cfg = config.services.voxnix;
  inherit (cfg) tailscale;
  inherit (lib) mkOption types;
in
{
  options.services.voxnix.tailscale = {
    enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether this machine joins a tailnet.";
    };
    authKeyFile = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "/run/agenix/tailscale";
      description = "File with the key to join with; without one, run `tailscale up` on the machine once.";
    };
    tags = mkOption {
      type = types.listOf (types.strMatching "tag:[a-zA-Z][a-zA-Z0-9-]*");
      default = [ ];
      example = [ "tag:server" ];
      description = "Tags that the machine asks for.";
    };
    onlySsh = mkOption {
      type = types.bool;
      default = false;
      description = "Whether SSH is answered on the tailnet and nowhere else.";
    };
  };

  config = lib.mkIf (cfg.enable && tailscale.enable) {
    services.tailscale = {
      enable = true;
      openFirewall = true;
      inherit (tailscale) authKeyFile;
      extraUpFlags = lib.optional (tailscale.tags != [ ]) "--advertise-tags=${lib.concatStringsSep "," tailscale.tags}";
    };
    services.openssh.openFirewall = lib.mkIf tailscale.onlySsh false;
    networking.firewall.interfaces = lib.mkIf tailscale.onlySsh {
      ${config.services.tailscale.interfaceName}.allowedTCPPorts = config.services.openssh.ports;
    };
  };
}
