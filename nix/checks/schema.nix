# What a schema accepts, and how it says so.
let
  inherit (import ../lib/schema.nix) accepts describe toJsonSchema;
  integer = {
    type = "integer";
    minimum = 1;
    maximum = 9;
  };
  names = {
    type = "object";
    names = "[A-Z]+";
    additionalProperties.type = "string";
  };
  accepted = schema: map (accepts schema);
in
{
  "a boolean is nothing else" = {
    expr = accepted { type = "boolean"; } [
      true
      false
      0
      "true"
      null
    ];
    expected = [
      true
      true
      false
      false
      false
    ];
  };
  "an integer has bounds, and is no text, boolean or fraction" = {
    expr = accepted integer [
      0
      1
      9
      10
      "1"
      true
      1.5
    ];
    expected = [
      false
      true
      true
      false
      false
      false
      false
    ];
  };
  "a pattern matches the whole of a text" = {
    expr =
      accepted
        {
          type = "string";
          pattern = "[a-z]+";
        }
        [
          "a"
          "ab"
          "a1"
          "a\n"
          ""
        ];
    expected = [
      true
      true
      false
      false
      false
    ];
  };
  "the length of a text is counted in bytes" = {
    expr =
      accepted
        {
          type = "string";
          maxLength = 3;
        }
        [
          "abc"
          "abcd"
          "äb"
          "ää"
        ];
    expected = [
      true
      false
      true
      false
    ];
  };
  "only the values that are listed" = {
    expr =
      accepted
        {
          type = "string";
          enum = [
            "none"
            "own"
          ];
        }
        [
          "own"
          "other"
        ];
    expected = [
      true
      false
    ];
  };
  "each item of a list" = {
    expr =
      accepted
        {
          type = "array";
          items = integer;
        }
        [
          [ ]
          [
            1
            2
          ]
          [
            1
            "2"
          ]
          { }
        ];
    expected = [
      true
      true
      false
      false
    ];
  };
  "names and values of an object" = {
    expr = accepted names [
      { A = "1"; }
      { a = "1"; }
      { A = 1; }
      [ ]
    ];
    expected = [
      true
      false
      false
      false
    ];
  };
  "it is said in words" = {
    expr = map describe [
      integer
      { type = "boolean"; }
      {
        type = "array";
        items = integer;
      }
      {
        type = "string";
        enum = [ "a" ];
      }
      {
        type = "string";
        pattern = "x";
        accepted = "a good word";
      }
    ];
    expected = [
      "an integer from 1 to 9"
      "true or false"
      "a list, each item of it an integer from 1 to 9"
      ''one of "a"''
      "a good word"
    ];
  };
  "as JSON Schema a pattern is anchored" = {
    expr = toJsonSchema names;
    expected = {
      type = "object";
      additionalProperties.type = "string";
      propertyNames.pattern = "^([A-Z]+)$";
    };
  };
}
