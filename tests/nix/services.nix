# What test_modules_services.py looks at: three guests of the modules that it is about.
{ nixpkgs }:
let
  config = import ./guests.nix { inherit nixpkgs; };
  inherit (builtins)
    elem
    filter
    listToAttrs
    mapAttrs
    ;

  ours = [
    "code-server"
    "newt"
    "sshd"
    "tailscale-enrol"
    "tailscaled"
    "ttyd"
    "ttyd-gate"
  ];
  # Commands that a module wrote itself have a text; what they are called is their name.
  texts = [
    "claude"
    "code-server-password"
    "gemini"
    "gh"
    "opencode"
    "tailscale-farewell"
  ];

  guest =
    { modules, options }:
    let
      system = config { inherit modules options; name = "dev"; };
      services = listToAttrs (
        map (name: {
          inherit name;
          value = system.systemd.services.${name};
        }) (filter (name: system.systemd.services ? ${name}) ours)
      );
      written = filter (package: package ? text && elem package.name texts) system.environment.systemPackages;
    in
    {
      failed = map (one: one.message) (filter (one: !one.assertion) system.assertions);
      open = {
        tcp = system.networking.firewall.allowedTCPPorts;
        udp = system.networking.firewall.allowedUDPPorts;
      };
      scripts = mapAttrs (_: service: service.script) services;
      units = mapAttrs (name: _: system.systemd.units."${name}.service".text) services;
      commands = listToAttrs (
        map (package: {
          inherit (package) name;
          value = package.text;
        }) written
      );
      users = mapAttrs (_: user: {
        inherit (user) home isNormalUser uid;
        keys = user.openssh.authorizedKeys.keys;
        shell = user.shell.pname or (toString user.shell);
      }) system.users.users;
      ttyd-socket = system.systemd.services.ttyd.serviceConfig.ExecStartPost.text or "";
      sshd = removeAttrs system.services.openssh.settings [
        "Ciphers"
        "KexAlgorithms"
        "Macs"
      ];
      ssh-ports = system.services.openssh.ports;
      host-keys = map (key: key.type) system.services.openssh.hostKeys;
      git = system.programs.git.config;
      folders = system.systemd.tmpfiles.rules;
      zsh = {
        suggestions = system.programs.zsh.autosuggestions.enable;
        highlighting = system.programs.zsh.syntaxHighlighting.enable;
      };
      unfree = mapAttrs (_: system.nixpkgs.config.allowUnfreePredicate) {
        claude-code = { pname = "claude-code"; };
        by-name-alone = { name = "claude-code-1.0"; };
        other = { pname = "vscode"; };
      };
    };
in
mapAttrs (_: guest) {
  plain = {
    modules = [
      "code-server"
      "coding-agent"
      "gh"
      "newt"
      "openssh"
      "tailscale"
      "ttyd"
      "zsh"
    ];
    options = { };
  };
  own = {
    modules = [
      "code-server"
      "coding-agent"
      "gh"
      "newt"
      "openssh"
      "tailscale"
      "ttyd"
      "zsh"
    ];
    options = {
      code-server = {
        port = 9000;
        folder = "/workspace/site";
      };
      coding-agent.agent = "claude-code";
      gh.host = "git.example.com";
      newt.endpoint = "https://pangolin.example.com";
      openssh = {
        port = 2222;
        authorized-keys = [ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 planted-comment@laptop" ];
      };
      tailscale = {
        tailnet = "own";
        ssh = true;
        ephemeral = false;
        tags = [
          "lab"
          "web"
        ];
      };
      ttyd = {
        port = 9001;
        writable = false;
      };
      zsh = {
        suggestions = false;
        highlighting = false;
      };
    };
  };
  appliance = {
    modules = [
      "coding-agent"
      "tailscale"
    ];
    options = {
      coding-agent = {
        agent = "opencode";
        provider = "openai";
      };
      tailscale = {
        tailnet = "appliance";
        tags = [ "prod" ];
      };
    };
  };
}
