{
  summary = "direnv, just, ripgrep, fd and jq";
  description = "Tools that most projects want: direnv, hooked into the shells, the task runner just, and ripgrep, fd and jq for looking into files.";
  example = "I want a container called tools with git and devtools";

  debian = {
    packages = [
      "direnv"
      "fd-find"
      "jq"
      "just"
      "ripgrep"
    ];
    setup = ./debian.sh;
  };

  nixos =
    { pkgs, ... }:
    {
      environment.systemPackages = [
        pkgs.fd
        pkgs.jq
        pkgs.just
        pkgs.ripgrep
      ];
      programs.direnv = {
        enable = true;
        # There is no nix in a guest for it to ask.
        nix-direnv.enable = false;
      };
    };
}
