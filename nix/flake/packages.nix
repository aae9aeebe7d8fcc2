# The package, and the reference of every option as a page.
{ lib, self, ... }:
{
  perSystem =
    { pkgs, ... }:
    let
      voxnix = pkgs.callPackage ../package.nix { };
      evaluated = lib.evalModules {
        modules = [
          self.nixosModules.appliance
          {
            _module = {
              # Only our own options are looked at.
              check = false;
              args = { inherit pkgs; };
            };
          }
        ];
      };
    in
    {
      packages = {
        inherit voxnix;
        default = voxnix;
        options =
          (pkgs.nixosOptionsDoc {
            options = evaluated.options.services.voxnix;
            # The way to this folder in the store is nothing for a page.
            transformOptions = option: option // { declarations = [ ]; };
          }).optionsCommonMark;
      };
    };
}
