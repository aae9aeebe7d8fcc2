# Specs against the product's modules: problems.json has the cases, which agent/core/composition.py is held to as well.
let
  inherit (builtins)
    fromJSON
    head
    intersectAttrs
    listToAttrs
    readFile
    ;
  modules = import ../lib/modules.nix [ ../modules ];
  check = import ../lib/check.nix { inherit modules; };
  words = {
    code = null;
    module = null;
    option = null;
    accepted = null;
  };

  case =
    one:
    if one ? made then
      {
        expr = check.compose one.spec;
        expected = one.made;
      }
    else
      {
        expr = intersectAttrs one (head (check.problemsOf one.spec));
        expected = intersectAttrs words one;
      };
in
listToAttrs (
  map (one: {
    inherit (one) name;
    value = case one;
  }) (fromJSON (readFile ./problems.json))
)
// {
  "a problem is thrown as JSON behind our mark" = {
    expr = check.compose {
      name = "dev";
      modules = [ "gti" ];
    };
    error = ''"code":"unknown_module"'';
  };
  "a module that needs another says so" = {
    expr =
      (import ../lib/check.nix {
        modules = modules // {
          web = modules.git // {
            requires = [ "git" ];
          };
        };
      }).problemsOf
        {
          name = "dev";
          modules = [ "web" ];
        };
    expected = [
      {
        code = "missing_module";
        module = "web";
        option = "";
        accepted = "git";
        message = "The module web needs the module git.";
      }
    ];
  };
  "a spec is what it says of itself" = {
    expr = builtins.attrNames (import ../lib/spec.nix).fields;
    expected = [
      "modules"
      "name"
      "options"
      "version"
    ];
  };
}
