{
  summary = "Node.js with npm";
  description = "Node.js and its package manager npm.";
  example = "make a container called web with node and git";

  debian.packages = [
    "nodejs"
    "npm"
  ];

  nixos =
    { pkgs, ... }:
    {
      # Its configuration puts global packages into the home, as the store is read-only.
      programs.npm = {
        enable = true;
        package = pkgs.nodejs;
      };
      environment.extraInit = ''
        export PATH="$HOME/.npm/bin:$PATH"
      '';
      programs.nix-ld.enable = true;
    };
}
