{
  summary = "Rust with cargo, clippy and rust-analyzer";
  description = "The Rust compiler with cargo, clippy, rustfmt and rust-analyzer, and a C compiler for what links against it. What cargo installs is on the PATH.";
  example = "create a rust container called engine";

  debian = {
    packages = [
      "cargo"
      "gcc"
      "libc6-dev"
      "pkg-config"
      "rust-analyzer"
      "rust-clippy"
      "rust-src"
      "rustc"
      "rustfmt"
    ];
    setup = ./debian.sh;
  };

  nixos =
    { pkgs, ... }:
    {
      environment.systemPackages = [
        pkgs.cargo
        pkgs.clippy
        pkgs.gcc
        pkgs.pkg-config
        pkgs.rust-analyzer
        pkgs.rustc
        pkgs.rustfmt
      ];
      # rust-analyzer explains the standard library from its source, which it looks for here.
      environment.variables.RUST_SRC_PATH = "${pkgs.rustPlatform.rustLibSrc}";
      environment.extraInit = ''
        export PATH="$HOME/.cargo/bin:$PATH"
      '';
    };
}
