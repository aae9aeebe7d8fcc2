# Who can read which secret, for agenix: the people who administer a host, and the host itself. `just secrets-edit` and
# `just secrets-rekey` use it, in this folder.
let
  hosts = builtins.attrNames (builtins.readDir ./hosts);
  machine =
    host:
    let
      file = ./hosts + "/${host}/machine.pub";
    in
    if builtins.pathExists file then
      [ (builtins.head (builtins.split "\n" (builtins.readFile file))) ]
    else
      [ ];
in
builtins.listToAttrs (
  builtins.concatMap (
    host:
    map
      (name: {
        name = "hosts/${host}/secrets/${name}.age";
        value.publicKeys = import (./hosts + "/${host}/keys.nix") ++ machine host;
      })
      [
        "tailscale"
        "voxnix"
      ]
  ) hosts
)
