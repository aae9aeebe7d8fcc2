# Derivations for tests of what drives nix: a static busybox builds them, without nixpkgs and without a network.
{
  busybox ? "/usr/bin/busybox",
  salt ? "",
  text ? "",
}:
let
  # busybox looks at its own name and has to keep it, so a folder with nothing else goes into the store.
  folder = builtins.path {
    name = "busybox";
    path = /. + dirOf busybox;
    filter = path: _: baseNameOf path == "busybox";
  };
  program = "${folder}/busybox";

  run =
    name: script: more:
    derivation (
      {
        inherit name salt;
        system = builtins.currentSystem;
        builder = program;
        args = [
          "sh"
          "-euc"
          script
        ];
      }
      // more
    );

  leaves = builtins.genList (
    number: run "leaf-${toString number}" "echo making leaf ${toString number}; echo ${salt} > $out" { }
  ) 3;

  hash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  fixed = {
    outputHashMode = "flat";
    outputHashAlgo = "sha256";
    outputHash = hash;
  };
in
{
  plain = {
    inherit text;
    one = 1;
  };
  good = run "top" "echo gathering; echo $leaves > $out" { inherit leaves; };
  big = run "big" "${program} dd if=/dev/zero of=$out bs=1M count=8; echo made" { };
  failing = run "top-of-failing" "echo never > $out" {
    part = run "bad-part" "echo first words; echo 'giving up: no reason' >&2; exit 3" { };
  };
  mismatch = run "fixed" "echo hello > $out" fixed;
  unreachable = derivation (
    fixed
    // rec {
      name = "fetched";
      system = "builtin";
      builder = "builtin:fetchurl";
      url = "http://127.0.0.1:9/nothing-here.tar.gz";
      urls = [ url ];
      unpack = false;
      executable = false;
    }
  );
  # The shell stays, and what it waits for is a process of its own.
  slow = run "slow" "echo sleeping; ${program} sleep 1${salt}; echo woken" { };
  # Needs what was built before, which nothing but the running build keeps; it rests until somebody wakes it.
  resting = run "resting" "echo resting; ${program} sleep 1${salt} || echo woken; echo $leaves > $out" {
    inherit leaves;
  };
  imported = import (run "imported" "echo 1 > $out" { });
  thrown = throw "voxnix: ${
    builtins.toJSON {
      code = "conflict";
      module = "gti";
      option = "";
      accepted = "git, \"fish\" or $\{nothing}";
      message = "There is no module called 100 %1% “gti”.\n${text}";
    }
  }";
  hungry = run "hungry" "echo never > $out" {
    numbers = builtins.foldl' (list: number: list ++ [ (builtins.genList (x: x + number) 100000) ]) [ ] (
      builtins.genList (x: x) 10000
    );
  };
  long =
    let
      numbers = builtins.genList (x: x) 20000;
      last = builtins.foldl' (_: number: number) 0;
    in
    builtins.foldl' (_: _: last numbers) 0 numbers;
}
