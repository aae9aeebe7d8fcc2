# The way in for everybody outside: what a spec is checked against, made of and built from.
#
#   own      a folder of modules beside the product's (a path as a string), or nothing
#   nixpkgs  a tree of nixpkgs (a path as a string); only `guest` needs it
#   spec     a container's spec, as JSON; only `composed` and `guest` need it
#   overlays of nixpkgs
{
  own ? "",
  nixpkgs ? "",
  spec ? "",
  system ? builtins.currentSystem,
  stateVersion ? "26.05",
  overlays ? [ ],
}:
let
  modules = import ./modules.nix ([ ../modules ] ++ (if own == "" then [ ] else [ (/. + own) ]));
  check = import ./check.nix { inherit modules; };
  composed = check.compose (builtins.fromJSON spec);
in
{
  inherit composed;
  catalogue = import ./catalogue.nix { inherit modules; };
  guest =
    (import ./guest.nix {
      inherit
        check
        modules
        overlays
        stateVersion
        system
        ;
      nixpkgs = /. + nixpkgs;
    }).mkGuest
      composed;
}
