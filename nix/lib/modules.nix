# The modules of the folders that are given, by name. A folder of modules has one folder for each, with a default.nix.
folders:
let
  inherit (builtins)
    attrNames
    concatMap
    elem
    filter
    foldl'
    listToAttrs
    readDir
    ;

  known = [
    "summary"
    "description"
    "example"
    "options"
    "ports"
    "secrets"
    "conflicts"
    "requires"
    "devices"
    "farewell"
    "unfree"
    "debian"
    "nixos"
  ];
  needed = [
    "summary"
    "description"
    "example"
    "nixos"
  ];

  load =
    folder: name:
    let
      file = folder + "/${name}/default.nix";
      module = import file;
      unknown = filter (field: !(elem field known)) (attrNames module);
      missing = filter (field: !(module ? ${field})) needed;
      without = filter (option: !(module.options.${option} ? default)) (attrNames (module.options or { }));
    in
    if builtins.match "[a-z][a-z0-9-]{0,39}" name == null then
      throw "The module in ${toString file} is called ${name}: a name is of a-z, 0-9 and -, and begins with a letter."
    else if unknown != [ ] then
      throw "The module in ${toString file} has a field ${builtins.head unknown}; it may have: ${toString known}."
    else if missing != [ ] then
      throw "The module in ${toString file} lacks its ${builtins.head missing}."
    else if without != [ ] then
      throw "The option ${builtins.head without} in ${toString file} has no default."
    else
      module // { inherit folder; };

  inFolder =
    folder:
    let
      entries = readDir folder;
    in
    map (name: {
      inherit name;
      value = load folder name;
    }) (filter (name: entries.${name} == "directory") (attrNames entries));

  add =
    found: folder:
    let
      new = listToAttrs (inFolder folder);
      both = filter (name: found ? ${name}) (attrNames new);
    in
    if both == [ ] then
      found // new
    else
      throw "There is a module ${builtins.head both} already; rename the one in ${toString folder}.";
in
foldl' add { } folders
