{
  summary = "Python 3 with pip, venv and uv";
  description = "Python 3 with virtual environments, and uv where the guest is NixOS; python runs it too.";
  example = "I need a python box called lab";

  debian.packages = [
    "python-is-python3"
    "python3"
    "python3-pip"
    "python3-venv"
  ];

  nixos =
    { pkgs, ... }:
    {
      environment.systemPackages = [
        (pkgs.python3.withPackages (packages: [ packages.pip ]))
        pkgs.uv
      ];
      # What uv downloads was linked for another place: it takes the Python that is here.
      environment.variables = {
        UV_PYTHON_DOWNLOADS = "never";
        UV_PYTHON_PREFERENCE = "only-system";
      };
      # Wheels bring programs and libraries that look for a loader where other systems have one.
      programs.nix-ld.enable = true;
    };
}
