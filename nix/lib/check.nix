# A spec against the modules there are: what a guest is made of, or the one problem that keeps it from being made.
# agent/core/composition.py says the same before Nix is started; nix/checks/problems.json holds both to it.
{ modules }:
let
  inherit (builtins)
    attrNames
    attrValues
    concatLists
    concatMap
    concatStringsSep
    elem
    filter
    head
    isAttrs
    length
    listToAttrs
    mapAttrs
    sort
    ;
  schema = import ./schema.nix;
  spec = import ./spec.nix;

  joined = concatStringsSep ", ";

  problem = code: module: option: accepted: message: {
    inherit
      code
      module
      option
      accepted
      message
      ;
  };

  unique = names: attrNames (listToAttrs (map (name: { inherit name; value = null; }) names));

  # The options of one module, with the defaults of those that were not given.
  complete =
    name: given: mapAttrs (option: described: given.${option} or described.default) modules.${name}.options or { };

  # The ports that a module with these options listens on, and whether for others than the container itself.
  portsOf =
    name: options:
    map (
      port:
      {
        inherit (port) protocol;
        module = name;
        port = if port ? option then options.${port.option} else port.port;
        option = port.option or "";
        open = !(port ? open) || options.${port.open};
      }
    ) (modules.${name}.ports or [ ]);

  fieldProblems =
    given:
    map (
      field: problem "invalid_spec" "" field (joined (attrNames spec.fields)) "A spec has no field ${field}."
    ) (filter (field: !(spec.fields ? ${field})) (attrNames given))
    ++ concatMap (
      field:
      let
        described = spec.fields.${field};
      in
      if given ? ${field} && !(schema.accepts described given.${field}) then
        [
          (problem "invalid_spec" "" field (schema.describe described)
            "The field ${field} of the spec has to be ${schema.describe described}."
          )
        ]
      else if !(given ? ${field}) && !(described ? default) then
        [
          (problem "invalid_spec" "" field (schema.describe described) "The spec has no ${field}.")
        ]
      else
        [ ]
    ) (attrNames spec.fields);

  moduleProblems =
    chosen:
    map (
      name: problem "unknown_module" name "" (joined (attrNames modules)) "There is no module called ${name}."
    ) (filter (name: !(modules ? ${name})) chosen);

  optionProblems =
    chosen: options:
    concatMap (
      name:
      if !(elem name chosen) then
        [
          (problem "option_without_module" name "" (joined chosen)
            "There are options for ${name}, which is not among the modules."
          )
        ]
      else
        let
          known = modules.${name}.options or { };
        in
        concatMap (
          option:
          if !(known ? ${option}) then
            [
              (problem "unknown_option" name option (joined (attrNames known))
                "The module ${name} has no option ${option}."
              )
            ]
          else if !(schema.accepts known.${option} options.${name}.${option}) then
            [
              (problem "invalid_option" name option (schema.describe known.${option})
                "The option ${option} of ${name} has to be ${schema.describe known.${option}}."
              )
            ]
          else
            [ ]
        ) (attrNames options.${name})
    ) (attrNames options);

  togetherProblems =
    chosen:
    concatMap (
      name:
      map (
        other:
        problem "conflict" name "" "either ${name} or ${other}" "The modules ${name} and ${other} do not go together."
      ) (filter (other: elem other chosen) (modules.${name}.conflicts or [ ]))
      ++ map (
        other: problem "missing_module" name "" other "The module ${name} needs the module ${other}."
      ) (filter (other: !(elem other chosen)) (modules.${name}.requires or [ ]))
    ) chosen;

  portProblems =
    options:
    let
      taken = concatLists (attrValues (mapAttrs portsOf options));
      same = one: other: one.port == other.port && one.protocol == other.protocol;
      meets = filter (one: length (filter (same one) taken) > 1) taken;
      first = head meets;
      movable = filter (one: one.option != "") (filter (same first) meets);
      culprit = if movable == [ ] then first else head movable;
    in
    if meets == [ ] then
      [ ]
    else
      [
        (problem "port_conflict" culprit.module culprit.option "a port that no other module uses"
          "The modules ${joined (unique (map (one: one.module) (filter (same first) meets)))} all want port ${toString first.port}/${first.protocol}."
        )
      ];

  orElse = problems: next: if problems != [ ] then problems else next;

  # Every problem of the first kind that there is; a later kind makes no sense before an earlier one is mended.
  problemsOf =
    given:
    let
      chosen = unique (given.modules or [ ]);
      options = given.options or { };
    in
    orElse (fieldProblems given) (
      orElse (moduleProblems chosen) (
        orElse (optionProblems chosen options) (
          orElse (togetherProblems chosen) (portProblems (composed given).options)
        )
      )
    );

  # What a guest is made of: the modules, and all of their options.
  composed =
    given:
    let
      chosen = unique (given.modules or [ ]);
    in
    {
      modules = chosen;
      options = listToAttrs (
        map (name: {
          inherit name;
          value = complete name ((given.options or { }).${name} or { });
        }) chosen
      );
    };
in
{
  inherit problemsOf portsOf;

  compose =
    given:
    let
      problems = problemsOf given;
    in
    if problems == [ ] then composed given else throw "voxnix: ${builtins.toJSON (head problems)}";
}
