# A new generation has to prove itself. `just deploy` arms the way back before it switches, and takes it away once the
# new generation answers; a machine that was started again in between decides by itself, when its time is up.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.voxnix;
  way-back = pkgs.writeShellScriptBin "voxnix-way-back" ''
    export PATH=${
      lib.makeBinPath [
        cfg.command
        config.nix.package
        config.systemd.package
        pkgs.coreutils
      ]
    }
    ${builtins.readFile ./way-back.sh}
  '';
in
{
  environment.systemPackages = [ way-back ];

  systemd.timers.voxnix-way-back = {
    description = "The end of a new generation's time to prove itself";
    wantedBy = [ "timers.target" ];
    unitConfig.ConditionPathExists = "/var/lib/voxnix-way-back/previous";
    timerConfig.OnBootSec = cfg.appliance.confirmSeconds;
  };
  systemd.services.voxnix-way-back = {
    description = "Go back to the generation before, unless this one works";
    unitConfig.ConditionPathExists = "/var/lib/voxnix-way-back/previous";
    # It switches to another generation, and must not be stopped by that.
    restartIfChanged = false;
    stopIfChanged = false;
    serviceConfig = {
      Type = "oneshot";
      ExecStart = "${lib.getExe way-back} decide";
    };
  };
}
