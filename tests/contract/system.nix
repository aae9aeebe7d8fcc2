# Stands in for NixOS systems: Debian's programs in the store, booted from there in a root that begins empty, and
# switched between while they run. With builtins alone, as nothing can be fetched where the tests run.
{
  userland, # a folder with usr and etc
  busybox, # of a static one, the folder where it lies alone
}:
let
  tools = builtins.path {
    name = "busybox";
    path = /. + busybox;
  };
  debian = builtins.path {
    name = "userland";
    path = /. + userland;
  };
  system =
    name: switch:
    derivation {
      name = "system-${name}";
      system = builtins.currentSystem;
      builder = "${tools}/busybox";
      args = [
        "sh"
        "-euc"
        ''
          busybox() { ${tools}/busybox "$@"; }
          busybox mkdir -p $out/bin
          echo "$init" | busybox sed "s|@out@|$out|" > $out/init
          echo "$switch" | busybox sed "s|@out@|$out|" > $out/bin/switch-to-configuration
          busybox chmod +x $out/init $out/bin/switch-to-configuration
        ''
      ];
      init = ''
        #!${tools}/busybox sh
        set -eu
        busybox() { ${tools}/busybox "$@"; }
        busybox mount -o bind ${debian}/usr /usr
        for folder in bin sbin lib lib64; do
          [ -e "/$folder" ] || busybox ln -s "usr/$folder" "/$folder"
        done
        if [ ! -e /etc/passwd ]; then
          busybox cp -R ${debian}/etc/. /etc
          busybox chmod -R u+w /etc
        fi
        busybox ln -s @out@ /run/current-system
        exec /usr/lib/systemd/systemd "$@"
      '';
      switch = ''
        #!${tools}/busybox sh
        [ "$1" = test ] || exit 2
        ${switch}
        ${tools}/busybox ln -sfn @out@ /run/current-system
      '';
    };
in
{
  first = system "first" "";
  second = system "second" "";
  named = name: system name "";
  third-broken = system "broken" "echo this system cannot be switched to >&2; exit 4";
}
