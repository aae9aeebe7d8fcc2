# What a pruned nixpkgs lacks that every system wants: shellcheck, for which all of Haskell's packages are needed.
[
  (final: prev: {
    shellcheck-minimal =
      if prev.haskellPackages ? ShellCheck then
        prev.shellcheck-minimal
      else
        final.emptyDirectory // { compiler.bootstrapAvailable = false; };
  })
]
