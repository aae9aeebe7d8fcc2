# The `voxnix` command, from requirements.lock: the very versions that are used everywhere else. One derivation fetches
# the wheels, each by the hash in the lock and all by the hash in wheelhouse.json, which `scripts/wheelhouse` writes; the
# environment is installed from them without a network.
{
  lib,
  stdenv,
  autoPatchelfHook,
  cacert,
  python313,
  zlib,
}:
let
  inherit (stdenv.hostPlatform) system;
  record = lib.importJSON ./wheelhouse.json;
  hash =
    record.hashes.${system} or (throw ''
      voxnix: there is no wheelhouse for ${system}; nix/wheelhouse.json has ${lib.concatStringsSep " and " (lib.attrNames record.hashes)}.
    '');
  lock = ../requirements.lock;

  # What makes a wheel of the agent itself.
  builder = python313.withPackages (packages: [
    packages.pip
    packages.hatchling
  ]);

  wheelhouse = stdenv.mkDerivation {
    name = "voxnix-wheelhouse";
    dontUnpack = true;
    nativeBuildInputs = [ builder ];
    outputHash = hash;
    outputHashMode = "recursive";
    # Another index than PyPI may be used: what comes from it is checked all the same.
    impureEnvVars = lib.fetchers.proxyImpureEnvVars ++ [ "PIP_INDEX_URL" ];
    env.SSL_CERT_FILE = "${cacert}/etc/ssl/certs/ca-bundle.crt";
    buildPhase = ''
      runHook preBuild
      export HOME=$TMPDIR
      python -m pip download --no-cache-dir --require-hashes --no-deps --dest "$out" --requirement ${lock} \
        ${lib.escapeShellArgs (record.options ++ map (tag: "--platform=${tag}") record.platforms.${system})}
      runHook postBuild
    '';
    dontInstall = true;
    dontFixup = true;
  };

  source = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../README.md
      ../agent
      ../pyproject.toml
      ./catalogue.json
      ./lib
      ./modules
    ];
  };
in
stdenv.mkDerivation {
  pname = "voxnix";
  inherit ((lib.importTOML ../pyproject.toml).project) version;
  src = source;
  nativeBuildInputs = [
    autoPatchelfHook
    builder
  ];
  # What wheels expect of the machine: the C++ library and zlib.
  buildInputs = [
    stdenv.cc.cc.lib
    zlib
  ];
  dontConfigure = true;
  buildPhase = ''
    runHook preBuild
    export HOME=$TMPDIR
    python -m pip wheel --no-index --no-deps --no-build-isolation --wheel-dir dist .
    runHook postBuild
  '';
  installPhase = ''
    runHook preInstall
    ${python313.interpreter} -m venv --without-pip "$out"
    python -m pip --python "$out/bin/python" install --no-index --find-links ${wheelhouse} \
      --require-hashes --no-deps --requirement ${lock}
    python -m pip --python "$out/bin/python" install --no-index --no-deps dist/*.whl
    # The package's one command: the environment's Python is nobody else's business.
    find "$out/bin" -mindepth 1 ! -name voxnix ! -name 'python*' -delete
    runHook postInstall
  '';
  doInstallCheck = true;
  installCheckPhase = ''
    runHook preInstallCheck
    "$out/bin/voxnix" --version
    VOXNIX_SETTINGS=/dev/null VOXNIX_SIMULATE=true VOXNIX_STATE_DIR=$TMPDIR/state "$out/bin/voxnix" modules --json >/dev/null
    runHook postInstallCheck
  '';
  passthru = { inherit wheelhouse; };
  meta = {
    description = "Talk to your infrastructure: containers on your own server, asked for in plain words";
    mainProgram = "voxnix";
    platforms = lib.attrNames record.hashes;
  };
}
