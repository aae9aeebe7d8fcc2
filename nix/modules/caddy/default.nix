{
  summary = "The web server Caddy";
  description = "Serves the files of a folder over HTTP, or passes requests on to a program in the container. Certificates are for what stands in front of it, like a tailnet.";
  example = "create a web server called site with caddy";

  options = {
    port = {
      type = "integer";
      minimum = 80;
      maximum = 65535;
      default = 8080;
      description = "Port that it listens on.";
    };
    folder = {
      type = "string";
      maxLength = 200;
      pattern = "/workspace(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*";
      accepted = "a folder in /workspace, its path of letters, digits, dots, hyphens and underscores";
      default = "/workspace/www";
      description = "Folder whose files are served. It is made where there is none.";
    };
    proxy = {
      type = "integer";
      minimum = 0;
      maximum = 65535;
      default = 0;
      description = "Port in the container that requests are passed on to, in place of serving files; 0 serves files.";
    };
  };
  ports = [
    {
      option = "port";
      protocol = "tcp";
      purpose = "the web site";
    }
  ];

  debian = {
    packages = [ "caddy" ];
    setup = ./debian.sh;
  };

  nixos =
    { settings, lib, ... }:
    {
      services.caddy = {
        enable = true;
        # Nobody changes it while it runs, so it needs no port for that; a new system starts it anew.
        enableReload = false;
        globalConfig = ''
          admin off
          auto_https off
        '';
        virtualHosts."http://:${toString settings.port}" = {
          # The journal has it.
          logFormat = null;
          extraConfig =
            if settings.proxy != 0 then
              "reverse_proxy 127.0.0.1:${toString settings.proxy}"
            else
              ''
                root * ${settings.folder}
                file_server
              '';
        };
      };
      # Buffers for HTTP/3, which takes certificates; and the limits on them are the node's.
      boot.kernel.sysctl."net.core.rmem_max" = lib.mkForce null;
      boot.kernel.sysctl."net.core.wmem_max" = lib.mkForce null;
      systemd.tmpfiles.settings.caddy.${settings.folder}.d = lib.mkIf (
        settings.proxy == 0 && settings.folder != "/workspace"
      ) { };
    };
}
