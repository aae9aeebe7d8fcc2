# The way in for everybody outside: what a spec is checked against, made of and built from.
#
#   own      a folder of modules beside the product's (a path as a string), or nothing
#   nixpkgs  a tree of nixpkgs (a path as a string); only `guest` needs it
#   spec     a container's spec, as JSON; only `composed` and `guest` need it
#   overlays of nixpkgs
#   node     how a container is run on its node, as JSON: the parameters of instance.nix, all but `system`
#
# `catalogue` is what there is, `composed` what a spec makes, `guest` its system, and `container` what extra-container
# takes: `extra-container create $(nix-build nix/lib -A container …)`.
{
  own ? "",
  nixpkgs ? "",
  spec ? "",
  system ? builtins.currentSystem,
  stateVersion ? "26.05",
  overlays ? [ ],
  node ? "",
}:
let
  modules = import ./modules.nix ([ ../modules ] ++ (if own == "" then [ ] else [ (/. + own) ]));
  check = import ./check.nix { inherit modules; };
  composed = check.compose (builtins.fromJSON spec);
  inherit
    (import ./guest.nix {
      inherit
        check
        modules
        overlays
        stateVersion
        system
        ;
      nixpkgs = /. + nixpkgs;
    })
    mkGuest
    ;
  mkContainer =
    composed:
    (import ./instance.nix {
      parameters = builtins.fromJSON node // {
        system = "${mkGuest composed}";
      };
    }).instance;
in
{
  inherit composed mkContainer mkGuest;
  catalogue = import ./catalogue.nix { inherit modules; };
  guest = mkGuest composed;
  container = mkContainer composed;
}
