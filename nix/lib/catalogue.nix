# What can be known of modules without nixpkgs, as the data that nix/catalogue.json holds.
{ modules }:
let
  schema = import ./schema.nix;
  option =
    described:
    schema.toJsonSchema described // { accepted = schema.describe described; };
  entry = name: module: {
    inherit name;
    inherit (module) summary description example;
    options = builtins.mapAttrs (_: option) (module.options or { });
    ports = module.ports or [ ];
    secrets = module.secrets or { };
    conflicts = module.conflicts or [ ];
    requires = module.requires or [ ];
    devices = module.devices or [ ];
    farewell = module.farewell or [ ];
    debian =
      if module ? debian then
        {
          packages = module.debian.packages or [ ];
          setup = if module.debian ? setup then builtins.readFile module.debian.setup else "";
          options = module.debian.options or [ ];
        }
      else
        null;
  };
in
{
  version = 1;
  modules = builtins.mapAttrs entry modules;
}
