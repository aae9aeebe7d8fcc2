# The derivations of the guests of some specs (a JSON file, by name), made as the product makes them.
{
  nixpkgs,
  specs,
  own ? "",
}:
builtins.mapAttrs (
  _: spec:
  (import ../../nix/lib {
    inherit nixpkgs own;
    overlays = import ./pruned.nix;
    spec = builtins.toJSON spec;
  }).guest.drvPath
) (builtins.fromJSON (builtins.readFile specs))
