# What the justfile calls, for who has Nix and nothing else.
{
  perSystem =
    { inputs', pkgs, ... }:
    {
      devShells.default = pkgs.mkShellNoCC {
        packages = [
          inputs'.agenix.packages.default
          pkgs.git
          pkgs.jq
          pkgs.just
          pkgs.nixos-anywhere
          pkgs.openssh
          pkgs.python313
          pkgs.uv
        ];
      };
      formatter = pkgs.nixfmt;
    };
}
