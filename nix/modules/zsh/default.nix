{
  summary = "The zsh shell, as root's login shell";
  description = "Zsh with completion, suggestions from what was typed before, coloured commands, and a prompt that shows the folder and git's branch; it is set as the login shell of root.";
  example = "make a container called dev with zsh and git";
  conflicts = [ "fish" ];

  options = {
    suggestions = {
      type = "boolean";
      default = true;
      description = "Suggest the rest of a command from what was typed before.";
    };
    highlighting = {
      type = "boolean";
      default = true;
      description = "Colour commands while they are typed.";
    };
  };

  debian = {
    packages = [
      "zsh"
      "zsh-autosuggestions"
      "zsh-syntax-highlighting"
    ];
    setup = ./debian.sh;
  };

  nixos =
    { settings, pkgs, ... }:
    {
      programs.zsh = {
        enable = true;
        autosuggestions.enable = settings.suggestions;
        syntaxHighlighting.enable = settings.highlighting;
        histSize = 10000;
        shellAliases = {
          ll = "ls -lh";
          la = "ls -lAh";
          ".." = "cd ..";
        };
        promptInit = ''
          autoload -U vcs_info
          zstyle ':vcs_info:*' enable git
          zstyle ':vcs_info:git:*' formats ' (%b)'
          precmd() { vcs_info }
          setopt prompt_subst
          PROMPT='%F{cyan}%~%f''${vcs_info_msg_0_}%(?..%F{red} [%?]%f) › '
        '';
      };
      users.users.root.shell = pkgs.zsh;
      # A zsh that finds no file of the person's asks a page of questions first.
      systemd.tmpfiles.rules = [ "f /root/.zshrc 0644 root root -" ];
    };
}
