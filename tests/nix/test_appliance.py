"""The NixOS appliance, evaluated on a real nixpkgs: nothing is built."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from agent.core.workload import ContainerSpec
from agent.host.nix import Nix
from agent.host.node import LocalNode
from agent.services.catalogue import Catalogue
from agent.services.guests.nix import NixGuests
from agent.settings import Settings
from tests.nix.evaluation import value
from tests.nix.nixos import ROOT, machine, needs_nixpkgs, nix, refused

pytestmark = needs_nixpkgs

VALUES = """
config: {
  settings = config.environment.etc."voxnix/settings.toml".text;
  prebuilt = config.environment.etc."voxnix/prebuilt.json".source.guests;
  tcp = config.networking.firewall.allowedTCPPorts;
  udp = config.networking.firewall.allowedUDPPorts;
  bridge = config.networking.firewall.interfaces.voxnix0;
  firewall = config.networking.nftables.tables.voxnix.content;
  isolated = config.systemd.network.networks."20-voxnix-guests".bridgeConfig.Isolated;
  ssh = config.services.openssh.settings;
  root = config.users.users.root.hashedPassword or null;
  admin = { inherit (config.users.users.admin) openssh extraGroups hashedPassword; };
  mutable = config.users.mutableUsers;
  mountpoints = builtins.mapAttrs (_: one: "${one.fsType} ${toString one.device}") config.fileSystems;
  early = builtins.filter (one: config.fileSystems.${one}.neededForBoot)
    (builtins.attrNames config.fileSystems);
  units = config.boot.extraSystemdUnitPaths;
  worker = config.systemd.services.voxnix-worker.serviceConfig;
  workerPath = map toString config.systemd.services.voxnix-worker.path;
  dhcp = config.systemd.services.voxnix-dhcp.serviceConfig;
  arc = config.systemd.services.voxnix-arc.serviceConfig.ExecStart;
  databases = config.services.postgresql.ensureDatabases;
  roles = map (one: one.name) config.services.postgresql.ensureUsers;
  authentication = config.services.postgresql.authentication;
  identities = config.services.postgresql.identMap;
  tcpip = config.services.postgresql.enableTCPIP;
  gc = { inherit (config.nix.gc) automatic options; };
  hostId = config.networking.hostId;
  boots = map (one: one.path) config.boot.loader.grub.mirroredBoots;
  failed = map (one: one.message) (builtins.filter (one: !one.assertion) config.assertions);
  bot = config.systemd.services ? voxnix-bot;
}
"""
BOT = """{ services.voxnix = {
  bot.enable = true;
  environmentFile = "/run/agenix/voxnix";
  settings = {
    telegram_webhook = "https://bot.example.org";
    transcription = "server";
    transcription_base_url = "http://127.0.0.1:8000/v1";
  };
}; }"""
"""A machine with a bot, and all that there is to set for one."""


@pytest.fixture(scope="module")
def appliance() -> dict[str, Any]:
    """What the whole appliance sets."""
    return value(f"({VALUES}) {machine()}")


def load_with(file: Path) -> Settings:
    """The settings in a file."""
    return Settings(**tomllib.loads(file.read_text()))


def hardening(service: str) -> dict[str, Any]:
    """The rules that a service is to have."""
    return value(f"(import {Path(__file__).parents[2]}/nix/host/hardening.nix).{service}")


def test_the_settings_are_toml_that_says_where_everything_is(appliance: dict[str, Any]) -> None:
    """What other options decide is in the file, and nothing that is not set."""
    settings = tomllib.loads(appliance["settings"])
    assert settings.keys() <= Settings.model_fields.keys()
    assert settings["nixpkgs"]
    assert settings["busybox"].startswith("/nix/store/")
    assert settings["busybox"].endswith("/bin/busybox")
    assert {name: settings[name] for name in settings.keys() - {"nixpkgs", "busybox"}} == {
        "bridge": "voxnix0",
        "database_url": "postgresql://voxnix-worker@/voxnix?host=/run/postgresql",
        "embedded_worker": False,
        "evaluation_memory": "4G",
        "evaluations": 1,
        "extra_container": "extra-container",
        "guest_builder": "nix",
        "idmapped_mounts": True,
        "name_server": "10.88.0.1",
        "node_name": "voxnix",
        "owner": "admin",
        "pool": "tank",
        "prebuilt": "/etc/voxnix/prebuilt.json",
        "secrets_dir": "/var/lib/voxnix/secrets",
        "state_version": "26.05",
    }


def test_nothing_but_ssh_is_open(appliance: dict[str, Any]) -> None:
    """To the network; guests may ask for an address, for names, and nothing else."""
    assert (appliance["tcp"], appliance["udp"]) == ([22], [])
    assert (appliance["bridge"]["allowedTCPPorts"], appliance["bridge"]["allowedUDPPorts"]) == (
        [53],
        [53, 67],
    )
    assert 'iifname "voxnix0" jump from_guests' in appliance["firewall"]
    assert "192.168.0.0/16 } drop" in appliance["firewall"]
    assert appliance["isolated"] is True


def test_only_the_administrator_comes_in_and_only_with_a_key(appliance: dict[str, Any]) -> None:
    """No password, and no root."""
    assert appliance["ssh"]["PermitRootLogin"] == "no"
    assert appliance["ssh"]["PasswordAuthentication"] is False
    assert appliance["ssh"]["AllowUsers"] == ["admin"]
    assert [key.split()[-1] for key in appliance["admin"]["openssh"]["authorizedKeys"]["keys"]] == [
        "ann@laptop"
    ]
    assert appliance["admin"]["hashedPassword"] is None
    assert (appliance["root"], appliance["mutable"]) == (None, False)


def test_the_disks_are_one_pool_with_a_way_to_boot_from_each(appliance: dict[str, Any]) -> None:
    """The machine's own datasets, and what must be there before anything is mounted below it."""
    assert {place: kind for place, kind in appliance["mountpoints"].items() if kind.startswith("zfs")} == {
        "/": "zfs tank/system/root",
        "/nix": "zfs tank/system/nix",
        "/var/lib/postgresql": "zfs tank/system/postgresql",
        "/var/lib/voxnix": "zfs tank/system/voxnix",
        "/var/log": "zfs tank/system/log",
    }
    assert "/var/lib/voxnix" in appliance["early"]
    assert sorted(appliance["boots"]) == ["/boot", "/boot1"]
    assert len(appliance["hostId"]) == 8


@pytest.mark.parametrize("service", ["worker", "dhcp"])
def test_a_service_has_all_of_its_rules(appliance: dict[str, Any], service: str) -> None:
    """The unit is the data that the box tests; no module of NixOS has changed any of it."""
    rules = hardening(service)
    assert {name: appliance[service].get(name) for name in rules} == rules


def test_the_worker_finds_what_it_drives(appliance: dict[str, Any]) -> None:
    """The zfs that mounts for everybody comes before the one that would not."""
    names = [path.partition("-")[2] for path in appliance["workerPath"]]
    assert names[0] == "zfs"
    for program in ("bash", "extra-container", "nixos-container", "nftables", "iproute2", "systemd", "nix-"):
        assert any(name.startswith(program) for name in names), names
    assert appliance["units"] == ["/etc/systemd-mutable/system"]


def test_each_service_is_a_role_of_the_database_by_who_it_is(appliance: dict[str, Any]) -> None:
    """Over the Unix socket alone, without a password."""
    assert appliance["databases"] == ["voxnix"]
    assert appliance["roles"] == ["voxnix-worker", "voxnix-bot"]
    assert appliance["authentication"].startswith("local voxnix voxnix-worker peer map=voxnix\n")
    assert "voxnix root voxnix-worker" in appliance["identities"]
    assert appliance["tcpip"] is False


def test_a_share_of_memory_is_zfs_and_garbage_goes_by_itself(appliance: dict[str, Any]) -> None:
    """The cap follows the machine's memory at boot."""
    assert appliance["arc"].endswith("arc.sh 25")
    assert appliance["gc"] == {"automatic": True, "options": "--delete-older-than 30d"}


def test_the_bot_runs_where_it_is_asked_for_and_only_then(appliance: dict[str, Any]) -> None:
    """With its own role of the database, and every one of its rules."""
    assert appliance["bot"] is False
    unit = value(
        f"""let
          config = {machine(BOT)};
          one = config.systemd.services.voxnix-bot;
        in {{
          inherit (one) serviceConfig;
          url = one.environment.VOXNIX_DATABASE_URL;
          settings = config.environment.etc."voxnix/settings.toml".text;
          failed = builtins.filter (one: !one.assertion) config.assertions;
        }}"""
    )
    assert unit["failed"] == []
    rules = hardening("bot")
    assert {name: unit["serviceConfig"].get(name) for name in rules} == rules
    assert unit["serviceConfig"]["User"] == "voxnix-bot"
    assert unit["serviceConfig"]["ExecStart"].endswith("/bin/voxnix bot")
    assert unit["serviceConfig"]["EnvironmentFile"] == ["/run/agenix/voxnix"]
    assert unit["url"] == "postgresql://voxnix-bot@/voxnix?host=/run/postgresql"
    settings = tomllib.loads(unit["settings"])
    assert settings["telegram_webhook"] == "https://bot.example.org"
    assert settings["transcription"] == "server"
    assert settings.keys() <= Settings.model_fields.keys()


def test_the_whole_appliance_is_a_derivation_without_a_secret_in_it(tmp_path: Path) -> None:
    """It evaluates to the end, and what the machine reads as secrets is in none of its derivations."""
    planted = "planted-secret-0f3a"
    file = tmp_path / "secret"
    file.write_text(f"VOXNIX_MODEL_API_KEY={planted}\n")
    modules = f"""{{ services.voxnix = {{
      environmentFile = "{file}";
      bot.enable = true;
      tailscale = {{ enable = true; authKeyFile = "{file}"; onlySsh = true; }};
    }}; }}"""
    answer = nix("nix-instantiate", "--expr", f"{machine(modules)}.system.build.toplevel")
    assert answer.returncode == 0, answer.stderr
    derivation = answer.stdout.strip()
    assert derivation.endswith(".drv")
    needed = nix("nix-store", "--query", "--requisites", derivation).stdout.split()
    assert len(needed) > 1000
    assert str(file) in "".join(Path(path).read_text() for path in needed if "voxnix-worker.service" in path)
    assert [path for path in needed if path.endswith(".drv") and planted in Path(path).read_text()] == []


def test_any_machine_takes_the_module_alone() -> None:
    """One that has other disks, users and services: nothing of the appliance's comes with it."""
    found = value(
        f"""let config = {machine('{ networking.hostId = "8425e349"; }', whole=False)}; in {{
          failed = map (one: one.message) (builtins.filter (one: !one.assertion) config.assertions);
          ssh = config.services.openssh.enable;
          pools = config.boot.zfs.extraPools;
          networkd = config.networking.useNetworkd;
          worker = config.systemd.services ? voxnix-worker;
        }}"""
    )
    assert found == {"failed": [], "ssh": False, "pools": ["tank"], "networkd": False, "worker": True}


def test_a_popular_guest_is_part_of_the_machine(appliance: dict[str, Any]) -> None:
    """The system that such a container boots, with the modules and options by which Voxnix knows it again."""
    (guest,) = json.loads(appliance["prebuilt"])
    assert guest["modules"] == ["fish", "git"]
    assert "-nixos-system-" in guest["system"]


def test_a_prebuilt_guest_is_listed_as_voxnix_looks_for_it(appliance: dict[str, Any], tmp_path: Path) -> None:
    """The digest in the machine's list is the one that the worker computes from the same settings."""
    settings, guests = tmp_path / "settings.toml", tmp_path / "guests.json"
    settings.write_text(appliance["settings"])
    guests.write_text(appliance["prebuilt"])
    environment = {
        **os.environ,
        "VOXNIX_SETTINGS": str(settings),
        "PYTHONPATH": f"{ROOT}:{os.pathsep.join(sys.path)}",
    }
    argv = [sys.executable, str(ROOT / "nix/host/prebuilt.py"), str(guests)]
    listed = json.loads(subprocess.run(argv, capture_output=True, check=True, env=environment).stdout)
    read = load_with(settings)
    composition = Catalogue().compose(ContainerSpec(name="any", modules=("git", "fish")))
    node = LocalNode("any")
    digest = NixGuests(read, node, Nix(node, memory="1G", evaluations=1)).digest(composition)
    assert listed == [{"digest": digest, "system": json.loads(appliance["prebuilt"])[0]["system"]}]


def test_the_appliance_fails_no_assertion(appliance: dict[str, Any]) -> None:
    """With a key and a disk it is complete."""
    assert appliance["failed"] == []


@pytest.mark.parametrize(
    ("modules", "sentence"),
    [
        (
            'services.voxnix.appliance.adminKeys = [ "ssh-ed25519 REPLACE-ME" ];',
            "services.voxnix.appliance.adminKeys still has the placeholder",
        ),
        ("services.voxnix.appliance.adminKeys = [ ];", "adminKeys is empty: nobody could log in"),
        ('services.voxnix.appliance.adminKeys = [ "hello" ];', 'has "hello", which is no public key'),
        (
            'services.voxnix.appliance.disks = [ "/dev/disk/by-id/REPLACE-ME" ];',
            "services.voxnix.appliance.disks still has the placeholder",
        ),
        ('services.voxnix.appliance.disks = [ "sda" ];', "disks has to name devices"),
        ('services.voxnix.appliance.address = "192.0.2.2/24";', "belong together: set both"),
        ('services.voxnix.network.uplinks = [ "voxnix0" ];', "the bridge of the guests: name the interfaces"),
        (
            'services.voxnix.settings.model_api_key = "secret";',
            "services.voxnix.settings.model_api_key would lie in the Nix store",
        ),
        ('services.voxnix.settings.workload_quota = "ten";', "it has to be a number with K, M, G or T"),
        (
            'services.voxnix.environmentFile = "/nix/store/x";',
            "services.voxnix.environmentFile is in the Nix store",
        ),
        (
            'services.voxnix.settings.modules_dir = "/etc/voxnix/modules";',
            "services.voxnix.guests.prebuilt is set, and services.voxnix.settings.modules_dir",
        ),
        ("services.voxnix.bot.enable = true;", "the bot would have no token"),
        ("services.voxnix.tailscale.onlySsh = true;", "nobody could reach this machine by SSH"),
        ("services.dnsmasq.enable = true;", "set services.dnsmasq.settings.bind-dynamic = true"),
        (
            'containers.web = { hostBridge = "br0"; config = { }; };',
            'containers.web.hostBridge is "br0"',
        ),
    ],
)
def test_what_cannot_work_is_said_by_the_name_of_the_option(modules: str, sentence: str) -> None:
    """One sentence, with what is accepted."""
    sentences = refused(f"{{ {modules} }}")
    assert any(sentence in one for one in sentences), sentences


def test_an_address_that_is_none_is_refused_with_what_is_accepted() -> None:
    """By the name of the option."""
    address = machine('{ services.voxnix.network.address = "10.0.0.1"; }')
    expression = f"{address}.assertions"
    answer = nix("nix-instantiate", "--eval", "--strict", "--expr", expression)
    assert "services.voxnix.network.address" in answer.stderr
    assert "an IPv4 address with the length of its network's prefix, from 8 to 24" in answer.stderr


def test_a_machine_without_a_host_id_is_told_how_to_make_one() -> None:
    """ZFS would refuse later, and say less."""
    assert any("networking.hostId is not set" in one for one in refused("", whole=False))
