{
  summary = "Go with gopls and the debugger delve";
  description = "The Go toolchain with its language server gopls, the debugger delve, and a C compiler for cgo. What go installs is on the PATH.";
  example = "make a go box called relay";

  debian = {
    packages = [
      "delve"
      "gcc"
      "golang-go"
      "gopls"
      "libc6-dev"
    ];
    setup = ./debian.sh;
  };

  nixos =
    { pkgs, ... }:
    {
      environment.systemPackages = [
        pkgs.delve
        pkgs.gcc
        pkgs.go
        pkgs.gopls
      ];
      environment.extraInit = ''
        export PATH="$HOME/go/bin:$PATH"
      '';
    };
}
