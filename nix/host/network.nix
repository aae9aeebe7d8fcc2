# The bridge of the guests, their addresses and names, and the firewall without which none of them starts.
# scripts/boxes/overlay is the same for Debian.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.voxnix;
  net = cfg.network;
  inherit (lib) mkOption types;
  pure = import ./addresses.nix;
  addresses = pure.of net.address;
  quoted = names: "{ ${lib.concatMapStringsSep ", " (name: ''"${name}"'') names} }";
  dnsmasq = pkgs.writeText "voxnix-dnsmasq.conf" ''
    # Addresses and names for guests, on their bridge and nowhere else.
    interface=${net.bridge}
    except-interface=lo
    bind-dynamic
    no-hosts
    dhcp-range=${addresses.first},${addresses.last},${addresses.netmask},12h
    dhcp-leasefile=/var/lib/voxnix-dhcp/leases
    dhcp-authoritative
    dhcp-rapid-commit
    # dnsmasq pings an address for three seconds before it offers it; this pool is nobody else's.
    no-ping
    # Two people may both have a guest called "dev": a name is never published to the others.
    dhcp-ignore-names
  '';
in
{
  options.services.voxnix.network = {
    bridge = mkOption {
      type = types.strMatching "[a-z0-9_-]{1,15}";
      default = "voxnix0";
      description = "Name of the bridge that guests are put on. Each is isolated from the others.";
    };
    address = mkOption {
      type = types.addCheck types.str pure.valid // {
        description = "an IPv4 address with the length of its network's prefix, from 8 to 24";
      };
      default = "10.88.0.1/16";
      description = "Address of the bridge, with the length of its network's prefix (8 to 24). Guests get addresses from that network.";
    };
    uplinks = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "enp1s0" ];
      description = "Interfaces through which guests reach the internet; empty means all.";
    };
    unreachable = mkOption {
      type = types.listOf types.str;
      default = [
        "10.0.0.0/8"
        "100.64.0.0/10"
        "169.254.0.0/16"
        "172.16.0.0/12"
        "192.168.0.0/16"
      ];
      description = "Networks that guests cannot reach: by default all that are private to where this machine is.";
    };
  };

  config = lib.mkIf cfg.enable {
    services.voxnix.settings = {
      inherit (net) bridge;
      name_server = addresses.address;
    };

    boot.kernel.sysctl."net.ipv4.conf.all.forwarding" = lib.mkDefault true;

    systemd.network = {
      enable = true;
      netdevs."10-${net.bridge}" = {
        netdevConfig = {
          Name = net.bridge;
          Kind = "bridge";
        };
        # Spanning tree would hold each new port back for seconds; there is no second bridge to loop with.
        bridgeConfig = {
          STP = false;
          ForwardDelaySec = 0;
        };
      };
      networks."10-${net.bridge}" = {
        matchConfig.Name = net.bridge;
        linkConfig.RequiredForOnline = false;
        networkConfig = {
          Address = net.address;
          ConfigureWithoutCarrier = true;
          IPv4Forwarding = true;
          IPv6AcceptRA = false;
          LinkLocalAddressing = false;
        };
      };
      # Guests may not talk to each other, whatever they do on the bridge. networkd sets a port's properties only
      # where it is the one who puts the port on the bridge.
      networks."20-voxnix-guests" = {
        matchConfig = {
          Name = "vb-*";
          Kind = "veth";
        };
        linkConfig.RequiredForOnline = false;
        networkConfig = {
          Bridge = net.bridge;
          KeepMaster = false;
          IPv6AcceptRA = false;
          LinkLocalAddressing = false;
        };
        bridgeConfig.Isolated = true;
      };
    };
    # Who else manages interfaces keeps away from these.
    networking.dhcpcd.denyInterfaces = [
      net.bridge
      "vb-*"
    ];
    networking.networkmanager.unmanaged = [
      "interface-name:${net.bridge}"
      "interface-name:vb-*"
    ];

    # The machine's own firewall drops what it does not know; what a guest may ask for is in our table.
    networking.firewall.interfaces.${net.bridge} = {
      allowedTCPPorts = [ 53 ];
      allowedUDPPorts = [
        53
        67
      ];
    };
    networking.nftables = {
      enable = true;
      tables.voxnix = {
        family = "inet";
        content = ''
          chain input {
            type filter hook input priority filter; policy accept;
            iifname "${net.bridge}" jump from_guests
          }

          chain from_guests {
            ct state established,related accept
            # A guest that asks for its first address has none yet, and asks everybody: no address is matched.
            udp sport 68 udp dport 67 accept
            ip daddr ${addresses.address} udp dport 53 accept
            ip daddr ${addresses.address} tcp dport 53 accept
            ip daddr ${addresses.address} icmp type echo-request accept
            drop
          }

          # What other things this machine forwards is not ours to decide.
          chain forward {
            type filter hook forward priority filter; policy accept;
            ct state established,related accept
            iifname "${net.bridge}" jump to_the_internet
            oifname "${net.bridge}" drop
          }

          chain to_the_internet {
            ${lib.optionalString (net.uplinks != [ ]) "oifname != ${quoted net.uplinks} drop"}
            meta nfproto != ipv4 drop
            oifname "${net.bridge}" drop
            ${
              lib.optionalString (
                net.unreachable != [ ]
              ) "ip daddr { ${lib.concatStringsSep ", " net.unreachable} } drop"
            }
            accept
          }

          chain postrouting {
            type nat hook postrouting priority srcnat; policy accept;
            ip saddr ${addresses.network} oifname != "${net.bridge}" masquerade
          }
        '';
      };
    };

    systemd.services.voxnix-dhcp = {
      description = "Addresses and names for guests";
      requires = [ "nftables.service" ];
      after = [
        "nftables.service"
        "systemd-networkd.service"
      ];
      wantedBy = [ "multi-user.target" ];
      serviceConfig = (import ./hardening.nix).dhcp // {
        ExecStart = "${lib.getExe pkgs.dnsmasq} --keep-in-foreground --conf-file=${dnsmasq}";
        Restart = "always";
        RestartSec = 1;
        StateDirectory = "voxnix-dhcp";
      };
    };
  };
}
