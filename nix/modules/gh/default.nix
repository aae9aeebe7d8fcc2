{
  summary = "GitHub's command line";
  description = "The gh command with git, which asks gh for the password of repositories over https. With a token it is logged in from the start; without one `gh auth login` does that.";
  example = "create a container called review with gh";

  options.host = {
    type = "string";
    maxLength = 253;
    pattern = "[a-z0-9]([a-z0-9.-]*[a-z0-9])?";
    accepted = "the name of a host, such as github.com";
    default = "github.com";
    description = "Host that gh talks to: github.com, or a GitHub Enterprise Server.";
  };

  secrets.token.description = "Token of a GitHub account; optional.";

  debian = {
    packages = [
      "gh"
      "git"
    ];
    setup = ./debian.sh;
  };

  nixos =
    {
      settings,
      lib,
      pkgs,
      ...
    }:
    let
      variable = if settings.host == "github.com" then "GH_TOKEN" else "GH_ENTERPRISE_TOKEN";
      # The token is read at each call and lives in that process alone: nothing of it is ever on a disk.
      gh = pkgs.writeShellScriptBin "gh" ''
        token=/run/credentials/@system/gh.token
        if [ -r "$token" ]; then
          export ${variable}="$(cat "$token")"
        fi
        export GH_HOST=''${GH_HOST-${settings.host}}
        exec ${lib.getExe pkgs.gh} "$@"
      '';
    in
    {
      environment.systemPackages = [
        (lib.hiPrio gh)
        pkgs.gh
      ];
      programs.git = {
        enable = true;
        config.credential."https://${settings.host}".helper = "!${lib.getExe gh} auth git-credential";
      };
    };
}
