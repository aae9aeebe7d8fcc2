# The settings as TOML. They are flat, and what JSON makes of a string, a number or a boolean is TOML too: no program
# has to run for it, so a test can read the text without building anything. Needs builtins alone.
{
  render =
    settings:
    builtins.concatStringsSep "" (
      map (name: "${name} = ${builtins.toJSON settings.${name}}\n") (builtins.attrNames settings)
    );
}
