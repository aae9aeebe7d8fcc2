{
  summary = "The PostgreSQL database server";
  description = "PostgreSQL with the databases that are named, each owned by a user of the same name. Root is let in as a superuser without a password; everybody else needs the secret password. Its files are in /workspace/postgresql, where snapshots, quota and undo are.";
  example = "set up a postgresql container called db with a database shop";

  options = {
    version = {
      type = "string";
      enum = [
        "16"
        "17"
        "18"
      ];
      default = "17";
      description = "Major version. Another one begins with empty databases of its own, beside those of the old one.";
    };
    databases = {
      type = "array";
      items = {
        type = "string";
        pattern = "[a-z][a-z0-9_]{0,62}";
        accepted = "1 to 63 of a-z, 0-9 and _, the first one a letter";
      };
      default = [ "app" ];
      description = "Databases to make, each with a user of the same name that owns it. One that is taken out of the list is kept.";
    };
    port = {
      type = "integer";
      minimum = 1024;
      maximum = 65535;
      default = 5432;
      description = "Port that it listens on.";
    };
    expose = {
      type = "boolean";
      default = false;
      description = "Whether other machines may connect, with the password, or only programs in the container.";
    };
  };
  ports = [
    {
      option = "port";
      open = "expose";
      protocol = "tcp";
      purpose = "PostgreSQL";
    }
  ];
  secrets.password.description = "Password of the users that own the databases. Without it they cannot connect over the network; root in the container always can.";

  debian = {
    packages = [ "postgresql" ];
    setup = ./debian.sh;
  };

  nixos =
    {
      settings,
      config,
      lib,
      pkgs,
      ...
    }:
    let
      folder = "/workspace/postgresql/${settings.version}";
      reserved = name: lib.elem name [ "postgres" "root" "template0" "template1" ] || lib.hasPrefix "pg_" name;
    in
    {
      assertions = [
        {
          assertion = !lib.any reserved settings.databases;
          message = "The option databases of postgresql has a name that PostgreSQL keeps for itself: ${
            toString (lib.filter reserved settings.databases)
          }.";
        }
      ];

      services.postgresql = {
        enable = true;
        package = pkgs."postgresql_${settings.version}";
        # What must last is where snapshots, quota and undo are; one dataset holds data and log, so that a snapshot
        # is as good as a power cut, which the database is made for.
        dataDir = folder;
        enableTCPIP = settings.expose;
        settings.port = settings.port;
        ensureDatabases = settings.databases;
        ensureUsers =
          map (name: {
            inherit name;
            ensureDBOwnership = true;
          }) settings.databases
          ++ [
            {
              name = "root";
              ensureClauses.superuser = true;
            }
          ];
        identMap = ''
          postgres root postgres
        '';
        authentication = lib.mkIf settings.expose ''
          host all all all scram-sha-256
        '';
      };
      systemd.tmpfiles.settings.postgresql = {
        "/workspace/postgresql".d = { };
        ${folder}.d = {
          user = "postgres";
          group = "postgres";
          mode = "0700";
        };
      };

      systemd.services.postgresql-password = {
        description = "Password of PostgreSQL's users";
        unitConfig.ConditionCredential = "postgresql.password";
        requires = [ "postgresql-setup.service" ];
        after = [ "postgresql-setup.service" ];
        wantedBy = [ "postgresql.target" ];
        path = [ config.services.postgresql.finalPackage ];
        environment.PGPORT = toString settings.port;
        # The server would write a statement that fails to its log, with the password in it.
        script = ''
          psql --no-psqlrc --quiet --dbname=postgres --set=ON_ERROR_STOP=1 <<'SQL'
          SET log_min_error_statement = panic;
          SET log_statement = none;
          \set password `cat "$CREDENTIALS_DIRECTORY/postgresql.password"`
          ${lib.concatMapStrings (name: ''
            ALTER ROLE "${name}" PASSWORD :'password';
          '') settings.databases}
          SQL
        '';
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
          User = "postgres";
          ImportCredential = "postgresql.password";
        };
      };

      environment.variables = {
        PGPORT = lib.mkIf (settings.port != 5432) (toString settings.port);
        PGDATABASE = lib.mkIf (settings.databases != [ ]) (lib.head settings.databases);
      };
    };
}
