# Garbage is collected by itself. What a guest uses is a root in /nix/var/nix/gcroots/voxnix or a profile in
# /nix/var/nix/profiles/voxnix, and what is prebuilt belongs to the machine's own system: none of these is ever taken.
{
  config,
  lib,
  ...
}:
let
  cfg = config.services.voxnix;
  inherit (cfg) gc;
  inherit (lib) mkOption types;
in
{
  options.services.voxnix.gc = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether to collect garbage in the Nix store regularly, and while a build runs short of room.";
    };
    dates = mkOption {
      type = types.str;
      default = "Sun 04:30";
      description = "When, as systemd writes calendar events.";
    };
    keepDays = mkOption {
      type = types.ints.positive;
      default = 30;
      description = "For how many days older generations, of the machine and of its guests, can be gone back to.";
    };
    minFreeGiB = mkOption {
      type = types.ints.positive;
      default = 5;
      description = "A build that finds less room than this collects garbage, until there is three times as much.";
    };
  };

  config = lib.mkIf (cfg.enable && gc.enable) {
    nix.gc = {
      automatic = true;
      inherit (gc) dates;
      options = "--delete-older-than ${toString gc.keepDays}d";
    };
    nix.settings = {
      min-free = gc.minFreeGiB * 1073741824;
      max-free = 3 * gc.minFreeGiB * 1073741824;
    };
  };
}
