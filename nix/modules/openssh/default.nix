{
  summary = "SSH server, for keys only";
  description = "An OpenSSH server that lets root in with one of the public keys that are given, and nobody with a password.";
  example = "add openssh to dev with this key: ssh-ed25519 AAAA… me@laptop";

  options = {
    port = {
      type = "integer";
      minimum = 1;
      maximum = 65535;
      default = 22;
      description = "Port that it listens on.";
    };
    authorized-keys = {
      type = "array";
      items = {
        type = "string";
        maxLength = 2000;
        pattern = "(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh[.]com|sk-ecdsa-sha2-nistp256@openssh[.]com) [A-Za-z0-9+/]+=*( [^\n]*)?";
        accepted = "a public key as in a .pub file, such as ssh-ed25519 AAAA… me@laptop";
      };
      default = [ ];
      description = "Public keys of who may come in as root.";
    };
  };

  ports = [
    {
      option = "port";
      protocol = "tcp";
      purpose = "SSH";
    }
  ];

  debian = {
    packages = [ "openssh-server" ];
    setup = ./debian.sh;
  };

  nixos =
    { settings, lib, ... }:
    {
      services.openssh = {
        enable = true;
        ports = [ settings.port ];
        # The firewall is opened for whatever a module declares.
        openFirewall = false;
        # Made at the first boot of each container; an RSA key would take that boot seconds.
        hostKeys = [
          {
            type = "ed25519";
            path = "/etc/ssh/ssh_host_ed25519_key";
          }
        ];
        settings = {
          AllowUsers = [ "root" ];
          PermitRootLogin = "prohibit-password";
          PasswordAuthentication = false;
          KbdInteractiveAuthentication = false;
          X11Forwarding = false;
        };
      };
      # Without the comment, which tells who somebody is and on which machine.
      users.users.root.openssh.authorizedKeys.keys = map (
        key: lib.concatStringsSep " " (lib.take 2 (lib.splitString " " key))
      ) settings.authorized-keys;
    };
}
