# The bot: talks to people. It has no right over the machine, and meets the worker in the database alone.
{
  config,
  lib,
  ...
}:
let
  cfg = config.services.voxnix;
in
{
  options.services.voxnix.bot.enable = lib.mkOption {
    type = lib.types.bool;
    default = false;
    description = ''
      Whether to run `voxnix bot`, which talks to people on Telegram, on this machine. Its token is secret: it is the line
      `VOXNIX_TELEGRAM_TOKEN=…` in `environmentFile`. What else there is to set, such as a webhook or a server for voice
      messages, is among `settings`.
    '';
  };

  config = lib.mkIf (cfg.enable && cfg.bot.enable) {
    systemd.services.voxnix-bot = {
      description = "Voxnix bot: talks to people";
      # The worker makes the tables; until it has, the bot is started again.
      requires = [ "voxnix-database.service" ];
      after = [
        "network-online.target"
        "voxnix-database.service"
        "voxnix-worker.service"
      ];
      wants = [ "network-online.target" ];
      wantedBy = [ "multi-user.target" ];
      restartTriggers = [ config.environment.etc."voxnix/settings.toml".text ];
      startLimitIntervalSec = 0;
      environment = {
        HOME = "/var/lib/voxnix-bot";
        VOXNIX_STATE_DIR = "/var/lib/voxnix-bot";
        VOXNIX_DATABASE_URL = cfg.database.urls.bot;
      };
      serviceConfig = (import ./hardening.nix).bot // {
        ExecStart = "${lib.getExe cfg.package} bot";
        User = "voxnix-bot";
        Restart = "always";
        RestartSec = 5;
        # A token that Telegram does not know, or another wrong setting, gets no better by asking again.
        RestartPreventExitStatus = 2;
        StateDirectory = "voxnix-bot";
        StateDirectoryMode = "0700";
        EnvironmentFile = lib.optional (cfg.environmentFile != null) cfg.environmentFile;
      };
    };
  };
}
