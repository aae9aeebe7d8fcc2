{
  summary = "The fish shell, as root's login shell";
  description = "A friendly shell with suggestions and completion, set as the login shell of root, with a prompt that shows the folder and git's branch, and a few short names for what is typed often.";
  example = "spin up a dev container with git and fish";
  conflicts = [ "zsh" ];

  options.greeting = {
    type = "string";
    maxLength = 200;
    pattern = "[^\n]*";
    accepted = "one line of at most 200 characters";
    default = "";
    description = "What is said at every login; empty says nothing.";
  };

  debian = {
    packages = [ "fish" ];
    setup = ./debian.sh;
    options = [ "greeting" ];
  };

  nixos =
    {
      settings,
      lib,
      pkgs,
      ...
    }:
    {
      programs.fish = {
        enable = true;
        shellAliases = {
          ll = "ls -lh";
          la = "ls -lAh";
          ".." = "cd ..";
        };
        interactiveShellInit = ''
          set -g fish_greeting ${lib.escapeShellArg settings.greeting}
          function fish_prompt
            set -l code $status
            set_color cyan; echo -n (prompt_pwd); set_color normal
            fish_git_prompt
            test $code -eq 0; or begin; set_color red; echo -n " [$code]"; set_color normal; end
            echo -n ' › '
          end
        '';
      };
      users.users.root.shell = pkgs.fish;
    };
}
