# PostgreSQL on this machine, reached through its Unix socket alone. Who asks is who the kernel says it is: root is the
# worker's role, which owns the database, and the bot's user is the bot's, which reads and writes rows and no more.
{
  config,
  lib,
  ...
}:
let
  cfg = config.services.voxnix;
  inherit (cfg.database) name;
  url = role: "postgresql://${role}@/${name}?host=/run/postgresql";
in
{
  options.services.voxnix.database = {
    name = lib.mkOption {
      type = lib.types.strMatching "[a-z_][a-z0-9_]{0,62}";
      default = "voxnix";
      description = "Name of the database.";
    };
    urls = lib.mkOption {
      type = lib.types.attrsOf lib.types.str;
      readOnly = true;
      default = {
        worker = url "voxnix-worker";
        bot = url "voxnix-bot";
      };
      defaultText = lib.literalMD "one for `worker`, one for `bot`";
      description = "Where the worker and the bot find it.";
    };
  };

  config = lib.mkIf cfg.enable {
    services.voxnix.settings.database_url = cfg.database.urls.worker;

    services.postgresql = {
      enable = true;
      ensureDatabases = [ name ];
      ensureUsers = [
        { name = "voxnix-worker"; }
        { name = "voxnix-bot"; }
      ];
      # The first rule that fits decides, so ours come before the machine's own.
      authentication = lib.mkBefore ''
        local ${name} voxnix-worker peer map=voxnix
        local ${name} voxnix-bot peer map=voxnix
      '';
      identMap = ''
        voxnix root voxnix-worker
        voxnix voxnix-bot voxnix-bot
      '';
    };

    systemd.services.voxnix-database = {
      description = "Rights on Voxnix's database";
      requires = [ "postgresql.target" ];
      after = [ "postgresql.target" ];
      # A server that was restarted with another configuration gets them again.
      partOf = [ "postgresql.target" ];
      path = [ config.services.postgresql.finalPackage ];
      environment.PGPORT = toString config.services.postgresql.settings.port;
      script = ''
        psql --no-psqlrc --set=ON_ERROR_STOP=1 --set=name=${name} --dbname=${name} --file=${./database.sql}
      '';
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        User = "postgres";
        Group = "postgres";
      };
    };
  };
}
