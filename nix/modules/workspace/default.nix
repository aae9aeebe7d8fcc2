{
  summary = "Everyday tools, starting in /workspace";
  description = "less, nano, curl, rsync, unzip and file, and login shells that begin in /workspace, the folder that has storage of its own and outlives the rest of the container.";
  example = "create a container called notes with workspace";

  debian = {
    packages = [
      "curl"
      "file"
      "less"
      "nano"
      "rsync"
      "unzip"
    ];
    setup = ./debian.sh;
  };

  nixos =
    { pkgs, ... }:
    {
      environment.systemPackages = [
        pkgs.curl
        pkgs.file
        pkgs.less
        pkgs.nano
        pkgs.rsync
        pkgs.unzip
      ];
      environment.loginShellInit = ''
        cd /workspace 2>/dev/null || true
      '';
      # fish reads the file above too, but only in the beginning of a login.
      programs.fish.loginShellInit = ''
        cd /workspace 2>/dev/null; or true
      '';
    };
}
