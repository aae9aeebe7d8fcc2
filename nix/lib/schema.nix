# Values against a subset of JSON Schema, with builtins alone: the part of it that an option of a module or a field
# of the spec is described in. A pattern matches the whole value.
let
  inherit (builtins)
    attrNames
    concatStringsSep
    elem
    isAttrs
    isBool
    isInt
    isList
    isString
    match
    stringLength
    ;

  shown = map builtins.toJSON;

  bounds =
    { minimum ? null, maximum ? null, ... }:
    if minimum != null && maximum != null then
      " from ${toString minimum} to ${toString maximum}"
    else if minimum != null then
      " of at least ${toString minimum}"
    else if maximum != null then
      " of at most ${toString maximum}"
    else
      "";

  # What a schema accepts, in words; a schema may bring better ones of its own than its pattern.
  describe =
    schema:
    if schema ? accepted then
      schema.accepted
    else if schema ? enum then
      "one of ${concatStringsSep ", " (shown schema.enum)}"
    else
      {
        boolean = "true or false";
        integer = "an integer${bounds schema}";
        string =
          "text"
          + (if schema ? maxLength then " of at most ${toString schema.maxLength} characters" else "")
          + (if schema ? pattern then " that matches ${schema.pattern}" else "");
        array = "a list" + (if schema ? items then ", each item of it ${describe schema.items}" else "");
        object =
          "names with values"
          + (if schema ? additionalProperties then ", each value ${describe schema.additionalProperties}" else "");
      }
      .${schema.type};

  ofType = {
    boolean = isBool;
    integer = isInt;
    string = isString;
    array = isList;
    object = isAttrs;
  };

  within =
    schema: value:
    {
      boolean = true;
      integer = value >= (schema.minimum or value) && value <= (schema.maximum or value);
      string =
        stringLength value <= (schema.maxLength or (stringLength value))
        && (!(schema ? pattern) || match schema.pattern value != null);
      array = !(schema ? items) || builtins.all (accepts schema.items) value;
      object =
        (
          !(schema ? additionalProperties)
          || builtins.all (name: accepts schema.additionalProperties value.${name}) (attrNames value)
        )
        && builtins.all (name: match (schema.names or ".*") name != null) (attrNames value);
    }
    .${schema.type};

  # Whether a schema accepts a value.
  accepts =
    schema: value:
    ofType.${schema.type} value && (!(schema ? enum) || elem value schema.enum) && within schema value;

  # The schema as JSON Schema has it, where patterns are not anchored and names are matched by another word.
  toJsonSchema =
    schema:
    builtins.removeAttrs schema [
      "accepted"
      "names"
    ]
    // (if schema ? pattern then { pattern = "^(${schema.pattern})$"; } else { })
    // (if schema ? names then { propertyNames.pattern = "^(${schema.names})$"; } else { })
    // (if schema ? items then { items = toJsonSchema schema.items; } else { })
    // (
      if schema ? additionalProperties then
        { additionalProperties = toJsonSchema schema.additionalProperties; }
      else
        { }
    );
in
{
  inherit accepts describe toJsonSchema;
}
