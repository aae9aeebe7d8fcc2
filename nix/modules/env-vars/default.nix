{
  summary = "Environment variables, plain ones and secret ones";
  description = "Plain variables for everything that runs in the container, which everybody on the node can see, and secret ones in a file of NAME=value lines for root's logins and the services that ask for it.";
  example = "create a container called api with node and env-vars, and set STAGE to test";

  options.variables = {
    type = "object";
    names = "[A-Za-z_][A-Za-z0-9_]{0,99}";
    additionalProperties = {
      type = "string";
      maxLength = 4000;
      pattern = "[^\n]*";
      accepted = "one line of at most 4000 characters";
    };
    accepted = "names of letters, digits and _, each with one line of text";
    default = { };
    description = "Variables by name. Everybody on the node can see them: a password or a token belongs into the secret environment.";
  };
  secrets.environment.description = "Lines of NAME=value, each one a variable of root's logins. Empty lines and those that begin with # mean nothing.";

  debian.setup = ./debian.sh;

  nixos =
    { settings, lib, ... }:
    let
      # As the manager's configuration wants one: quoted, with % for what it would fill in.
      assigned = name: value: lib.replaceStrings [ "%" ] [ "%%" ] (builtins.toJSON "${name}=${value}");
    in
    {
      # For services and single commands …
      systemd.settings.Manager.DefaultEnvironment = lib.mapAttrsToList assigned settings.variables;
      # … and for shells, behind all that other modules set. The file is root's, so for others it is not there.
      environment.extraInit = lib.mkAfter (
        lib.concatStrings (
          lib.mapAttrsToList (name: value: ''
            export ${name}=${lib.escapeShellArg value}
          '') settings.variables
        )
        + builtins.readFile ./login.sh
      );
    };
}
