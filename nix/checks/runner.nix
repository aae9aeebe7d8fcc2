# What tests/nix/test_pure.py itself relies on.
{
  "a value is compared" = {
    expr = {
      list = [ 1 ];
      text = "a";
    };
    expected = {
      text = "a";
      list = [ 1 ];
    };
  };
  "an error is compared by its words" = {
    expr = throw ''voxnix: {"what":"broken"}'';
    error = ''voxnix: {"what":"broken"}'';
  };
}
