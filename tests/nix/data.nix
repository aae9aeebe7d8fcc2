# What test_modules_data.py looks at.
{ nixpkgs }:
let
  guest = import ./guests.nix { inherit nixpkgs; };
  configuration =
    modules: options:
    guest {
      inherit modules options;
      name = "x";
    };

  all = [
    "caddy"
    "devtools"
    "env-vars"
    "go"
    "node"
    "postgresql"
    "redis"
    "rust"
  ];

  values = system: {
    failed = map (one: one.message) (builtins.filter (one: !one.assertion) system.assertions);
    opened = system.networking.firewall.allowedTCPPorts;
    programs = map (package: package.pname or package.name) system.environment.systemPackages;
    folders = builtins.mapAttrs (_: entry: builtins.mapAttrs (_: rule: { inherit (rule) mode user; }) entry) (
      builtins.foldl' (found: name: found // system.systemd.tmpfiles.settings.${name} or { }) { } [
        "caddy"
        "postgresql"
        "redis"
      ]
    );
    sysctl = builtins.attrNames (
      builtins.removeAttrs system.boot.kernel.sysctl (
        builtins.filter (name: system.boot.kernel.sysctl.${name} == null) (
          builtins.attrNames system.boot.kernel.sysctl
        )
      )
    );
    postgresql = {
      inherit (system.services.postgresql) authentication dataDir ensureDatabases identMap;
      inherit (system.services.postgresql.settings) listen_addresses port;
      version = system.services.postgresql.package.psqlSchema;
      superusers = map (user: user.name) (
        builtins.filter (user: user.ensureClauses.superuser or null == true) system.services.postgresql.ensureUsers
      );
      owners = map (user: user.name) (
        builtins.filter (user: user.ensureDBOwnership) system.services.postgresql.ensureUsers
      );
      writes = system.systemd.services.postgresql.serviceConfig.ReadWritePaths;
      password = {
        inherit (system.systemd.services.postgresql-password) script;
        inherit (system.systemd.services.postgresql-password.serviceConfig) ImportCredential User;
        inherit (system.systemd.services.postgresql-password.unitConfig) ConditionCredential;
      };
    };
    redis = {
      inherit (system.services.redis.servers."".settings) bind dir port save;
      inherit (system.services.redis.servers."") requirePass requirePassFile;
      inherit (system.systemd.services.redis.serviceConfig) ImportCredential ReadWritePaths;
      steps = builtins.length system.systemd.services.redis.serviceConfig.ExecStartPre;
    };
    caddy = {
      inherit (system.services.caddy) globalConfig;
      sites = builtins.mapAttrs (_: site: site.extraConfig) system.services.caddy.virtualHosts;
    };
    environment = {
      manager = system.environment.etc."systemd/system.conf".text;
      login = system.environment.extraInit;
      inherit (system.environment) variables;
    };
    nix = {
      inherit (system.nix) enable;
      direnv = system.programs.direnv.nix-direnv.enable;
    };
  };
in
{
  default = values (configuration all { });
  changed = values (
    configuration all {
      caddy = {
        port = 80;
        proxy = 3000;
      };
      env-vars.variables = {
        QUOTED = "it's 100% \"plain\" $HOME";
        SHORT = "1";
      };
      postgresql = {
        databases = [
          "orders"
          "billing"
        ];
        expose = true;
        port = 5433;
        version = "18";
      };
      redis = {
        expose = true;
        persist = false;
        port = 6380;
      };
    }
  );
  reserved =
    (values (configuration [ "postgresql" ] { postgresql.databases = [ "app" "pg_x" "root" ]; })).failed;
}
