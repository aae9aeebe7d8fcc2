{
  summary = "A greeting over HTTP";
  description = "A small web server that answers every request with a greeting, and with a second one for those who know the word.";
  example = "create a container called lobby with hello";

  options = {
    greeting = {
      type = "string";
      maxLength = 200;
      pattern = "[^\n]*";
      accepted = "one line of at most 200 characters";
      default = "Good day";
      description = "What is said to everybody.";
    };
    port = {
      type = "integer";
      minimum = 1024;
      maximum = 65535;
      default = 8000;
      description = "Port that it listens on.";
    };
    expose = {
      type = "boolean";
      default = true;
      description = "Whether other machines may ask, or only programs in the container.";
    };
  };
  ports = [
    {
      option = "port";
      open = "expose";
      protocol = "tcp";
      purpose = "the greeting";
    }
  ];
  secrets.word.description = "A word that is told to nobody; without it there is one greeting only.";

  nixos =
    {
      settings,
      lib,
      pkgs,
      ...
    }:
    {
      systemd.services.hello = {
        description = "Greeting over HTTP";
        wantedBy = [ "multi-user.target" ];
        environment = {
          GREETING = settings.greeting;
          PORT = toString settings.port;
          ADDRESS = if settings.expose then "" else "127.0.0.1";
        };
        serviceConfig = {
          ExecStart = "${lib.getExe pkgs.python3} ${./server.py}";
          # Not there where nobody gave the secret, and then the service starts without it.
          ImportCredential = "hello.word";
          DynamicUser = true;
          Restart = "on-failure";
        };
      };
    };
}
