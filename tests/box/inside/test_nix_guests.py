"""A container's life with the ``nix`` guest builder: real nix, real units, real boots.

Only nixpkgs is a stand-in: whatever modules it is given, it makes a system of Debian's programs that knows
their names.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.host.node import LocalNode
from agent.host.nspawn import Nspawn
from tests.box.inside.product import Answer, host, left_of, voxnix
from tests.box.inside.systems import BUSYBOX, extra_container_on_path
from tests.contract.images import image
from tests.contract.place import Place, mirrors

CHECKOUT = Path(__file__).resolve().parents[3]
STAND_IN = CHECKOUT / "tests/contract/nixpkgs"
ROOTS = Path("/nix/var/nix/gcroots/voxnix/guests")
SECRET = "tskey-planted-5f3a9c"  # noqa: S105 - planted, to be searched for
REAL = "VOXNIX_EXTRA_CONTAINER"

WITHOUT_CHOWN = {"systemd-networkd-persistent-storage.service"}
"""It gives its folder to a user, which zfs-fuse refuses the root of a container (docs/box.md)."""


class Appliance:
    """The product with the ``nix`` builder, with a database of its own beside the box's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = {
            "VOXNIX_STATE_DIR": str(folder / "state"),
            "VOXNIX_SECRETS_DIR": str(folder / "secrets"),
            "VOXNIX_NODE_NAME": "nixbox",
            "VOXNIX_EMBEDDED_WORKER": "true",
            "VOXNIX_GUEST_BUILDER": "nix",
            "VOXNIX_BUSYBOX": BUSYBOX,
            "VOXNIX_EXTRA_CONTAINER": os.environ.get(REAL, "extra-container"),
        }
        self.use("old")

    def use(self, release: str) -> None:
        """Build guests from another nixpkgs from now on, as after a deploy."""
        tree = self.folder / f"nixpkgs-{release}"
        if not tree.exists():
            shutil.copytree(STAND_IN, tree)
            shutil.copy2(CHECKOUT / "tests/contract/system.nix", tree)
            (tree / "release").write_text(release)
            for name in ("userland", "tools"):
                (tree / name).symlink_to(self.folder / name)
        self.settings["VOXNIX_NIXPKGS"] = str(tree)

    def __call__(self, *arguments: str, owner: str = "nix", stdin: str = "") -> Answer:
        """Run the command for somebody."""
        at = arguments.index("--") if "--" in arguments else len(arguments)
        words = [*arguments[:at], "--json", "--owner", owner, *arguments[at:]]
        return voxnix(*words, settings=self.settings, stdin=stdin)

    def done(self, *arguments: str, owner: str = "nix") -> Answer:
        """Run a command that has to go well."""
        answer = self(*arguments, owner=owner)
        assert answer.code == 0, answer
        return answer

    def inside(self, name: str, command: str, owner: str = "nix") -> str:
        """What a shell command in a container prints."""
        answer = self("exec", name, "--", "sh", "-c", command, owner=owner)
        assert answer.code == 0, answer
        return answer.data["stdout"].strip()

    def gone(self, name: str, owner: str = "nix") -> None:
        """Have a container no more, not even in the trash, where it would keep its image."""
        self.done("destroy", name, "--yes", owner=owner)
        self.done("purge", name, "--yes", owner=owner)

    def machine(self, name: str, owner: str = "nix") -> str:
        """What the node calls a container."""
        return self.done("status", name, owner=owner).data["workload"]["machine"]

    def images(self) -> dict[tuple[str, ...], int]:
        """What was built, and how many use it."""
        listed = self.done("images", "list").data["images"]
        return {tuple(one["modules"]): one["users"] for one in listed}


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """The product with the ``nix`` builder; at the end nothing of it is left."""
    # Not in /tmp, which is memory.
    folder = Path("/var/tmp") / tmp_path_factory.mktemp("nix").name  # noqa: S108
    folder.mkdir()
    node = LocalNode("box")
    place = Place(node, "tank", "tank", mirrors(node), "/var/cache/voxnix/images", Nspawn(node))
    (folder / "userland").mkdir()
    (folder / "tools").mkdir()
    shutil.copy2(BUSYBOX, folder / "tools")
    unpack = ["tar", "--extract", "--zstd", f"--file={image(place)}", f"--directory={folder / 'userland'}"]
    node.run([*unpack, "./usr", "./etc"], timeout=120)
    with extra_container_on_path():
        made = Appliance(folder)
        yield made
        for owner in ("nix", "other"):
            for one in made("list", owner=owner).data["workloads"]:
                made.gone(one["spec"]["name"], owner)
        made("images", "prune")
    shutil.rmtree(folder)


@pytest.fixture
def dev(appliance: Appliance) -> Iterator[str]:
    """A running container with git."""
    appliance.use("old")
    appliance.done("create", "dev", "git")
    yield "dev"
    # Stopped, it has no farewell to take: the stand-in has none of the modules' programs.
    appliance("stop", "dev")
    appliance.gone("dev")


def test_a_container_is_built_installed_and_runs(appliance: Appliance, dev: str) -> None:
    """It has the name that its person gave it, storage of its own, and no failed unit."""
    status = appliance.done("status", dev).data
    assert status["workload"]["addresses"]
    generation = status["workload"]["generation"]
    assert appliance.inside(dev, "readlink /run/current-system") == generation["system"]
    assert appliance.inside(dev, "hostname") == "dev"
    failed = appliance.inside(dev, "systemctl --failed --no-legend --plain").splitlines()
    assert {line.split()[0] for line in failed} <= WITHOUT_CHOWN
    appliance.inside(dev, "echo kept > /workspace/file")
    appliance.done("restart", dev)
    assert appliance.inside(dev, "cat /workspace/file; id -u") == "kept\n0"
    assert appliance.done("logs", dev).data["lines"]


def test_who_wants_the_same_shares_it_and_waits_for_no_build(appliance: Appliance, dev: str) -> None:
    """Another person's container of the same modules is the same system: nothing is evaluated or built."""
    logs = appliance.folder / "state/logs"
    before = sorted(logs.iterdir())
    appliance.done("create", "dev", "git", owner="other")
    assert sorted(logs.iterdir()) == before
    ours, theirs = (appliance.done("status", dev, owner=who).data["workload"] for who in ("nix", "other"))
    assert ours["generation"]["system"] == theirs["generation"]["system"]
    assert ours["machine"] != theirs["machine"]
    assert appliance.images()["git",] == 2
    assert all(one["size"] > 1 << 20 for one in appliance.done("images", "list").data["images"])
    appliance.gone("dev", "other")
    assert appliance.inside(dev, "hostname") == "dev"


def test_modules_are_added_while_it_runs_and_taken_back(appliance: Appliance, dev: str) -> None:
    """It is switched in place: what runs in it runs on; a rollback is the very system that it had."""
    boot = appliance.inside(dev, "cat /proc/sys/kernel/random/boot_id")
    first = appliance.inside(dev, "readlink /run/current-system")
    appliance.done("update", dev, "--add", "fish")
    second = appliance.inside(dev, "readlink /run/current-system")
    assert "of-fish-git-old" in second
    assert second != first
    appliance.done("rollback", dev, "--yes")
    assert appliance.inside(dev, "readlink /run/current-system") == first
    assert appliance.inside(dev, "cat /proc/sys/kernel/random/boot_id") == boot
    assert appliance.done("status", dev).data["workload"]["spec"]["modules"] == ["git"]


def test_after_a_deploy_it_is_told_what_is_old_and_made_anew(appliance: Appliance, dev: str) -> None:
    """Only on demand; and there is a way back to what ran before, although that can be built no more."""
    before = appliance.inside(dev, "readlink /run/current-system")
    assert appliance.done("upgrade").data["workloads"] == []
    appliance.use("new")
    assert [one["spec"]["name"] for one in appliance.done("upgrade").data["workloads"]] == ["dev"]
    assert appliance.inside(dev, "readlink /run/current-system") == before
    appliance.done("upgrade", "--all")
    assert "of-git-new" in appliance.inside(dev, "readlink /run/current-system")
    assert appliance.done("upgrade").data["workloads"] == []
    appliance.done("rollback", dev, "--yes")
    assert appliance.inside(dev, "readlink /run/current-system") == before


def test_garbage_collection_takes_nothing_that_is_used(appliance: Appliance, dev: str) -> None:
    """Neither what a container runs, nor what it can be rolled back to; a prune frees the rest."""
    before = appliance.inside(dev, "readlink /run/current-system")
    appliance.done("update", dev, "--add", "fish")
    after = appliance.inside(dev, "readlink /run/current-system")
    appliance.done("images", "build", "node")
    spare = next(
        one["system"] for one in appliance.done("images", "list").data["images"] if one["modules"] == ["node"]
    )
    host("nix-store", "--gc")
    assert all(Path(path).exists() for path in (before, after, spare))
    appliance.done("images", "prune")
    assert ("node",) not in appliance.images()
    assert not Path(spare).exists()
    assert len(list(ROOTS.iterdir())) == len(appliance.images())
    appliance.done("restart", dev)
    appliance.done("rollback", dev, "--yes")
    assert appliance.inside(dev, "readlink /run/current-system") == before


def test_a_secret_reaches_its_container_and_nothing_else(appliance: Appliance, dev: str) -> None:
    """Root reads it inside as a credential; no unit, store path, environment or database has it."""
    appliance.done("update", dev, "--add", "tailscale", "--set", "tailscale.tailnet=own")
    assert appliance("secrets", "give", "tailscale.auth-key", stdin=f"{SECRET}\n").code == 0
    appliance.done("restart", dev)
    assert appliance.inside(dev, "cat /run/credentials/@system/tailscale.auth-key") == SECRET
    machine = appliance.machine(dev)
    unit = host("systemctl", "show", f"container@{machine}.service") + host(
        "systemctl", "cat", f"container@{machine}.service"
    )
    leader = host("machinectl", "show", machine, "--property=Leader", "--value").strip()
    assert SECRET not in unit + Path(f"/proc/{leader}/environ").read_text(errors="replace")
    searched = ["/nix/store", "/etc", str(appliance.folder / "state"), f"/proc/{leader}/environ"]
    found = subprocess.run(
        ["grep", "--recursive", "--files-with-matches", "--no-messages", SECRET, *searched],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.splitlines()
    assert found == []
    assert host("grep", "-rl", SECRET, str(appliance.folder / "secrets")).strip()  # the search can find it
    assert SECRET not in json.dumps(appliance.done("secrets", "list").data)
    appliance.done("update", dev, "--set", "tailscale.tailnet=none")
    assert appliance.inside(dev, "ls /run/credentials/@system || true") == ""


def test_nix_alone_makes_what_extra_container_takes(appliance: Appliance) -> None:
    """From a spec in one step, for who wants no Voxnix around it: two files that name a system."""
    node = {
        "machine": "alone-x1",
        "hostname": "alone",
        "root": "/var/lib/machines/alone-x1",
        "binds": [],
        "bridge": "voxnix0",
        "uidBase": 1 << 20,
        "idmap": False,
        "memoryMax": "1G",
        "tasksMax": 100,
        "credentials": [],
        "devices": [],
        "requires": ["nftables.service"],
        "nspawn": "/usr/bin/systemd-nspawn",
        "busybox": BUSYBOX,
    }
    spec = {"name": "alone", "modules": ["git"]}
    given = {
        "nixpkgs": appliance.settings["VOXNIX_NIXPKGS"],
        "spec": json.dumps(spec),
        "node": json.dumps(node),
    }
    words = [word for name, text in given.items() for word in ("--argstr", name, text)]
    made = host(
        "nix-build", "--no-out-link", str(CHECKOUT / "nix/lib"), "--attr", "container", *words
    ).strip()
    conf = Path(made, "etc/nixos-containers/alone-x1.conf").read_text()
    system = next(line.partition("=")[2] for line in conf.splitlines() if line.startswith("SYSTEM_PATH="))
    assert "of-git-old" in system
    assert system in host("nix-store", "--query", "--references", made)
    host(appliance.settings["VOXNIX_EXTRA_CONTAINER"], "create", made)
    assert "alone-x1" in host(appliance.settings["VOXNIX_EXTRA_CONTAINER"], "list")
    host(appliance.settings["VOXNIX_EXTRA_CONTAINER"], "destroy", "alone-x1")


def test_what_is_part_of_the_appliance_is_neither_evaluated_nor_built(
    appliance: Appliance, tmp_path: Path
) -> None:
    """The first container of a prebuilt module set starts as fast as any later one."""
    appliance.use("old")
    appliance.done("images", "build", "go")
    [built] = [one for one in appliance.done("images", "list").data["images"] if one["modules"] == ["go"]]
    prebuilt = tmp_path / "prebuilt.json"
    prebuilt.write_text(json.dumps([{"digest": built["digest"], "system": built["system"]}]))
    root = tmp_path / "appliance"
    host("nix-store", "--add-root", str(root), "--realise", built["system"])
    appliance.done("images", "prune")
    assert Path(built["system"]).exists()
    logs = appliance.folder / "state/logs"
    before = sorted((log.name, log.stat().st_mtime_ns) for log in logs.iterdir())
    appliance.settings["VOXNIX_PREBUILT"] = str(prebuilt)
    try:
        appliance.done("create", "quick", "go")
        assert appliance.inside("quick", "readlink /run/current-system") == built["system"]
        assert sorted((log.name, log.stat().st_mtime_ns) for log in logs.iterdir()) == before
    finally:
        del appliance.settings["VOXNIX_PREBUILT"]
        appliance.gone("quick")
        root.unlink()


def test_destroying_it_leaves_nothing(appliance: Appliance) -> None:
    """No unit, conf, root, profile, dataset, interface or mount has its name."""
    appliance.use("old")
    appliance.done("create", "gone", "git")
    machine = appliance.machine("gone")
    assert left_of(machine)
    appliance.done("destroy", "gone", "--yes")
    appliance.done("purge", "gone", "--yes")
    assert left_of(machine) == []
    assert [
        path.name for path in Path("/nix/var/nix/profiles/voxnix").iterdir() if machine in path.name
    ] == []


def test_a_failed_build_is_told_with_its_cause_and_leaves_nothing(appliance: Appliance) -> None:
    """The person learns what went wrong and where the whole log is; the name is free again."""
    broken = appliance.folder / "nixpkgs-broken"
    appliance.use("broken")
    (broken / "system.nix").write_text('{ ... }: { named = _: throw "no bread today"; }')
    answer = appliance("create", "broken", "git")
    assert answer.code == 4
    assert "no bread today" in answer.error["why"]
    assert "/logs/build-" in answer.error["hint"]
    assert [one["spec"]["name"] for one in appliance.done("list").data["workloads"]] == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["gti"], "Did you mean git?"),
        (["git", "--set", "git.email=nobody"], "a mail address"),
        (["fish", "zsh"], "do not go together"),
    ],
)
def test_what_cannot_be_made_is_refused_before_nix_is_started(
    appliance: Appliance, arguments: list[str], told: str
) -> None:
    """With what is accepted."""
    answer = appliance("create", "never", *arguments)
    assert answer.code == 3
    assert told in json.dumps(answer.error, ensure_ascii=False)


def test_the_admin_s_own_modules_are_taken_in_without_a_fork(appliance: Appliance) -> None:
    """After a refresh they are in the catalogue, and containers are made of them."""
    own = appliance.folder / "own/hello"
    own.mkdir(parents=True)
    (own / "default.nix").write_text(
        '{ summary = "Hello"; description = "Says it."; example = "a hello box"; nixos = { ... }: { }; }'
    )
    appliance.use("old")
    appliance.settings["VOXNIX_MODULES_DIR"] = str(own.parent)
    try:
        assert appliance("create", "mine", "hello").code == 3
        assert appliance.done("modules", "refresh").data["modules"] == ["hello"]
        assert appliance.done("modules", "hello").data["module"]["summary"] == "Hello"
        appliance.done("create", "mine", "hello")
        assert "of-hello-old" in appliance.inside("mine", "readlink /run/current-system")
        (own / "default.nix").write_text("{ summary = 1; }")
        refused = appliance("modules", "refresh")
        assert refused.code == 4
        assert "hello/default.nix" in json.dumps(refused.error)
    finally:
        appliance.gone("mine")
        del appliance.settings["VOXNIX_MODULES_DIR"]
