{
  summary = "Git version control";
  description = "The git command with safe defaults: the first branch is called main, and /workspace is trusted whoever owns its files. A name and an address for commits can be given.";
  example = "create a container called dev with git";

  options = {
    name = {
      type = "string";
      maxLength = 100;
      pattern = "[^\n]*";
      accepted = "one line of at most 100 characters";
      default = "";
      description = "Name that commits are made under; empty leaves it to the person.";
    };
    email = {
      type = "string";
      maxLength = 254;
      pattern = "([^ \n@]+@[^ \n@]+)?";
      accepted = "a mail address, or nothing";
      default = "";
      description = "Mail address that commits are made under; empty leaves it to the person.";
    };
  };

  debian = {
    packages = [ "git" ];
    setup = ./debian.sh;
    options = [
      "email"
      "name"
    ];
  };

  nixos =
    { settings, lib, ... }:
    {
      programs.git = {
        enable = true;
        config = {
          init.defaultBranch = "main";
          safe.directory = [
            "/workspace"
            "/workspace/*"
          ];
        }
        // lib.optionalAttrs (settings.name != "" || settings.email != "") {
          user =
            lib.optionalAttrs (settings.name != "") { inherit (settings) name; }
            // lib.optionalAttrs (settings.email != "") { inherit (settings) email; };
        };
      };
    };
}
