# `nixosModules.voxnix`: Voxnix on any NixOS machine. One file per concern, each with the options that it reads.
{
  imports = [
    ./assertions.nix
    ./bot.nix
    ./database.nix
    ./gc.nix
    ./guests.nix
    ./network.nix
    ./options.nix
    ./storage.nix
    ./tailscale.nix
    ./worker.nix
  ];
}
