# Who may come in: the administrator, with a key, by SSH. There are no passwords.
{ config, lib, ... }:
let
  cfg = config.services.voxnix.appliance;
in
{
  users.mutableUsers = false;
  users.users.admin = {
    isNormalUser = true;
    description = "Administrator";
    extraGroups = [
      "systemd-journal"
      "wheel"
    ];
    openssh.authorizedKeys.keys = cfg.adminKeys;
  };
  # An account without a password cannot be asked for one.
  security.sudo = {
    wheelNeedsPassword = false;
    execWheelOnly = true;
  };

  services.openssh = {
    enable = true;
    # Opened below where the tailnet is not the only way in.
    openFirewall = lib.mkDefault true;
    settings = {
      AllowUsers = [ "admin" ];
      KbdInteractiveAuthentication = false;
      PasswordAuthentication = false;
      PermitRootLogin = "no";
      X11Forwarding = false;
    };
  };

  # Who deploys copies a system that was built elsewhere.
  nix.settings.trusted-users = [ "@wheel" ];
}
