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
      environment.systemPackages = [ pkgs.nodejs ];
      # Global packages go where root may write: the store is read-only.
      programs.npm = {
        enable = true;
        package = pkgs.nodejs;
        npmrc = "prefix = /root/.npm";
      };
      environment.extraInit = ''
        export PATH="$HOME/.npm/bin:$PATH"
      '';
      programs.nix-ld.enable = true;
    };
}
