# The complete appliance: a machine that does nothing but Voxnix. A host is its parameters, services.voxnix.appliance.*
# (nix/hosts/). disks.nix and secrets.nix speak to the modules of disko and agenix, which the flake brings.
{
  imports = [
    ../default.nix
    ./assertions.nix
    ./boot.nix
    ./disks.nix
    ./options.nix
    ./rollback.nix
    ./secrets.nix
    ./system.nix
    ./users.nix
  ];
}
