# Secrets: encrypted in the repository by agenix, decrypted on the machine with its own SSH key, never in the store.
{ config, lib, ... }:
let
  inherit (config.services.voxnix.appliance) secrets;
in
{
  age.secrets = lib.mapAttrs (_: file: {
    inherit file;
    mode = "0400";
  }) secrets;

  services.voxnix = {
    environmentFile = lib.mkIf (secrets ? voxnix) config.age.secrets.voxnix.path;
    tailscale.authKeyFile = lib.mkIf (secrets ? tailscale) config.age.secrets.tailscale.path;
  };
}
