{
  summary = "The Redis key-value store";
  description = "A Redis server. What is in it is written to /workspace/redis from time to time, where snapshots, quota and undo are, unless it is only a cache.";
  example = "make a container called cache with redis";

  options = {
    port = {
      type = "integer";
      minimum = 1024;
      maximum = 65535;
      default = 6379;
      description = "Port that it listens on.";
    };
    expose = {
      type = "boolean";
      default = false;
      description = "Whether other machines may connect, with the password, or only programs in the container.";
    };
    persist = {
      type = "boolean";
      default = true;
      description = "Whether what is in it outlives a restart. Without that it is a cache.";
    };
  };
  ports = [
    {
      option = "port";
      open = "expose";
      protocol = "tcp";
      purpose = "Redis";
    }
  ];
  secrets.password.description = "Password that everybody has to give. Without it only programs in the container can connect, and need none.";

  debian = {
    packages = [ "redis-server" ];
    setup = ./debian.sh;
  };

  nixos =
    {
      settings,
      lib,
      pkgs,
      ...
    }:
    {
      services.redis = {
        # A sysctl of the whole node.
        vmOverCommit = false;
        servers."" = {
          enable = true;
          inherit (settings) port;
          # From elsewhere Redis lets nobody in as long as it has no password.
          bind = if settings.expose then "* -::*" else "127.0.0.1 -::1";
          save = lib.mkIf (!settings.persist) [ ];
          settings.dir = lib.mkForce "/workspace/redis";
        };
      };
      systemd.tmpfiles.settings.redis."/workspace/redis" = {
        d = {
          user = "redis";
          group = "redis";
          mode = "0700";
        };
        # In another container, which was given this folder, the user may have another number.
        Z = {
          user = "redis";
          group = "redis";
        };
      };
      systemd.services.redis.serviceConfig = {
        ImportCredential = "redis.password";
        ReadWritePaths = [ "/workspace/redis" ];
        # Behind the step that makes the file.
        ExecStartPre = lib.mkAfter [
          (pkgs.writeShellScript "redis-password" ''
            file=$CREDENTIALS_DIRECTORY/redis.password
            [ -s "$file" ] || exit 0
            printf 'requirepass "%s"\n' "$(sed 's/["\\]/\\&/g' "$file")" >> /run/redis/nixos.conf
          '')
        ];
      };
    };
}
