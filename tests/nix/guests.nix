# The systems of specs: what a test asks of NixOS, as values, for several guests in one evaluation.
{
  nixpkgs,
  system ? builtins.currentSystem,
}:
let
  modules = import ../../nix/lib/modules.nix [ ../../nix/modules ];
  check = import ../../nix/lib/check.nix { inherit modules; };
  guest = import ../../nix/lib/guest.nix {
    inherit check modules system;
    nixpkgs = /. + nixpkgs;
    stateVersion = "26.05";
    overlays = import ./pruned.nix;
  };
in
spec: (guest.evaluated (check.compose spec)).config
