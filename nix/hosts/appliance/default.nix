# The parameters of one host. Copy this folder for another: `just provision NAME` installs it, `just deploy NAME` updates
# it. Until the placeholders here and in keys.nix are replaced, the build fails and says which is left.
{
  nixpkgs.hostPlatform = "x86_64-linux";

  services.voxnix.appliance = {
    hostName = "appliance";
    disks = [ "/dev/disk/by-id/REPLACE-ME" ];
    # A fixed address; without these, DHCP.
    # address = "192.0.2.10/24";
    # gateway = "192.0.2.1";
    # nameServers = [ "192.0.2.1" ];
  };

  # Everything else of services.voxnix.* may be set here too: docs/appliance.md.
  # services.voxnix.settings.model = "anthropic:claude-sonnet-4-5";
}
