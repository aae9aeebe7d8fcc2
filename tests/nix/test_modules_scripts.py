"""What the modules' services and commands do, run for real against fakes of the programs that they call."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

WAITS = 75
"""How a service ends that has something to wait for."""
SECRET = "planted-secret"  # noqa: S105 - of nobody

# Each writes down what it was called with, and answers what the test put there for it.
FAKE = """#!/bin/bash
printf '%s\\n' "${0##*/} $*" >> "$SCENE/called"
[ ! -e "$SCENE/${0##*/}.sh" ] || . "$SCENE/${0##*/}.sh"
"""
TAILSCALE = """
case $1 in
  status) cat "$SCENE/status" ;;
  up) for word; do case $word in --auth-key=file:*) cat "${word#*file:}" > "$SCENE/used" ;; esac; done ;;
  set) ;;
  logout) [ ! -e "$SCENE/offline" ] && echo '{"BackendState": "NeedsLogin"}' > "$SCENE/status" ;;
  *) exit 99 ;;
esac
"""


@pytest.fixture(scope="module")
def guests(evaluated: Callable[[str], Any]) -> dict[str, Any]:
    """What is asked of each guest, by its name in services.nix."""
    if shutil.which("jq") is None:
        pytest.skip("jq is not on PATH")
    return evaluated("services.nix")


@dataclass(frozen=True)
class Scene:
    """A place for a script to run in: folders as systemd gives them, and programs that are fakes.

    Attributes:
        folder: all of it.
    """

    folder: Path

    def fake(self, name: str, text: str = "") -> None:
        """Put a program on PATH that does this."""
        program = self.folder / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(FAKE)
        program.chmod(0o755)
        (self.folder / f"{name}.sh").write_text(text)

    def give(self, name: str, text: str = f"{SECRET}\n") -> None:
        """Give the service a credential."""
        file = self.folder / "credentials" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)

    def run(
        self, script: str, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a script as systemd does, with the fakes in place of what is in the store."""
        for name in ("credentials", "run", "state"):
            (self.folder / name).mkdir(exist_ok=True)
        script = re.sub(r"/nix/store/[^/\s]+/bin/", "", script)
        environment = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "SCENE": str(self.folder),
            "CREDENTIALS_DIRECTORY": f"{self.folder}/credentials",
            "RUNTIME_DIRECTORY": f"{self.folder}/run",
            "STATE_DIRECTORY": f"{self.folder}/state",
            **(variables or {}),
        }
        argv = ["bash", "-e", "-c", script]
        return subprocess.run(argv, capture_output=True, text=True, check=False, env=environment, timeout=30)

    @property
    def called(self) -> str:
        """Every fake that was called, with its arguments."""
        file = self.folder / "called"
        return file.read_text() if file.exists() else ""


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """An empty place, where the node is in no tailnet."""
    scene = Scene(tmp_path)
    for name in ("code-server", "newt", "nginx", "systemctl"):
        scene.fake(name)
    scene.fake("tailscale", TAILSCALE)
    (tmp_path / "status").write_text('{"BackendState": "NeedsLogin"}')
    return scene


@pytest.mark.parametrize(
    ("guest", "service", "missing"),
    [
        ("own", "newt", "newt.id"),
        ("plain", "newt", "endpoint"),
        ("own", "tailscale-enrol", "tailscale.auth-key"),
        ("appliance", "tailscale-enrol", "tailscale.appliance-key"),
        ("own", "ttyd-gate", "ttyd.password"),
    ],
)
def test_a_missing_secret_is_told(
    guests: dict[str, Any], scene: Scene, guest: str, service: str, missing: str
) -> None:
    """A service without its secret says which one, starts nothing, and waits."""
    answer = scene.run(guests[guest]["scripts"][service])
    assert answer.returncode == WAITS
    assert missing in answer.stdout
    assert re.sub("tailscale status.*\n", "", scene.called) == ""


def test_newt_gets_its_secret_by_file(guests: dict[str, Any], scene: Scene) -> None:
    """Newt is started with a file that holds its secret, and no argument does."""
    scene.give("id", "31frd0uz\n")
    scene.give("secret")
    assert scene.run(guests["own"]["scripts"]["newt"]).returncode == 0
    config = scene.folder / "run/config.json"
    assert scene.called == f"newt --config-file {config} --disable-ssh\n"
    expected = {"endpoint": "https://pangolin.example.com", "id": "31frd0uz", "secret": SECRET}
    assert json.loads(config.read_text()) == expected


@pytest.mark.parametrize(
    ("guest", "key", "used", "flags"),
    [
        ("own", "tskey-auth-x", "tskey-auth-x", "--ssh=true --advertise-tags=tag:lab,tag:web"),
        (
            "own",
            "tskey-client-x",
            "tskey-client-x?ephemeral=false&preauthorized=true",
            "--ssh=true --advertise-tags=tag:lab,tag:web",
        ),
        (
            "own",
            "tskey-client-x?ephemeral=true",
            "tskey-client-x?ephemeral=true",
            "--ssh=true --advertise-tags=tag:lab,tag:web",
        ),
        # A person does not choose rights in somebody else's tailnet.
        ("appliance", "tskey-auth-x", "tskey-auth-x", "--ssh=false"),
        (
            "appliance",
            "tskey-client-x",
            "tskey-client-x?ephemeral=true&preauthorized=true",
            "--ssh=false --advertise-tags=tag:voxnix",
        ),
    ],
)
def test_enrolment(  # noqa: PLR0913, PLR0917 - one of each
    guests: dict[str, Any], scene: Scene, guest: str, key: str, used: str, flags: str
) -> None:
    """A node enrols with its key by file, under the container's own name, and leaves no key behind."""
    scene.give("key", f"{key}\n")
    answer = scene.run(guests[guest]["scripts"]["tailscale-enrol"])
    assert answer.returncode == 0, answer.stderr
    file = scene.folder / "run/key"
    up = scene.called.splitlines()[-1]
    assert up == f"tailscale up --reset --timeout=60s {flags} --auth-key=file:{file}"
    assert (scene.folder / "used").read_text() == used
    assert not file.exists()


@pytest.mark.parametrize(
    ("status", "code", "last"),
    [
        ({"BackendState": "Running", "HaveNodeKey": True}, 0, "tailscale set --ssh=true"),
        # Enrolled, and no network yet: a key that is good for one time is not spent again.
        ({"BackendState": "NoState", "HaveNodeKey": True}, 0, "tailscale set --ssh=true"),
        ({"BackendState": "Stopped"}, 0, "tailscale status --json --peers=false"),
        ({"BackendState": "NeedsMachineAuth"}, WAITS, "tailscale status --json --peers=false"),
        (None, WAITS, "tailscale status --json --peers=false"),
    ],
)
def test_enrolment_happens_once(
    guests: dict[str, Any], scene: Scene, status: dict[str, Any] | None, code: int, last: str
) -> None:
    """A node that is enrolled, taken down by a person, or waits for an admin uses no key."""
    scene.give("key")
    (scene.folder / "status").write_text(json.dumps(status) if status else "")
    assert scene.run(guests["own"]["scripts"]["tailscale-enrol"]).returncode == code
    assert scene.called.splitlines()[-1] == last


def test_a_failed_enrolment_is_tried_again(guests: dict[str, Any], scene: Scene) -> None:
    """A key that the tailnet refuses ends nothing: the service waits."""
    scene.give("key")
    scene.fake("tailscale", TAILSCALE.replace("up)", "up) exit 1;;\n  never)"))
    assert scene.run(guests["own"]["scripts"]["tailscale-enrol"]).returncode == WAITS
    assert SECRET not in scene.called


@pytest.mark.parametrize(
    ("status", "offline", "code"),
    [
        ({"BackendState": "Running", "HaveNodeKey": True}, False, 0),
        ({"BackendState": "Running", "HaveNodeKey": True}, True, 1),
        # It was told to log out before, and the tailnet has not heard of it.
        ({"BackendState": "NeedsLogin", "HaveNodeKey": True}, True, 1),
        ({"BackendState": "NeedsLogin"}, True, 0),
        ({"BackendState": "NoState"}, True, 0),
        (None, True, 1),
    ],
)
def test_farewell(
    guests: dict[str, Any], scene: Scene, status: dict[str, Any] | None, *, offline: bool, code: int
) -> None:
    """A farewell succeeds only once the node has no key of a tailnet any more."""
    (scene.folder / "status").write_text(json.dumps(status) if status else "")
    if offline:
        (scene.folder / "offline").touch()
    state = scene.folder / "tailscaled.state"
    state.write_text("{}")
    script: str = guests["own"]["commands"]["tailscale-farewell"]
    script = re.sub(r"(?m)^PATH=.*$", "", script).replace("/var/lib/tailscale/tailscaled.state", str(state))
    assert scene.run(f"set +e\n{script}").returncode == code
    assert ("tailscale logout" in scene.called) == (status is None or "HaveNodeKey" in status)


def test_farewell_of_a_node_that_never_ran(guests: dict[str, Any], scene: Scene) -> None:
    """A container whose tailscaled never kept anything has nothing to log out of, whatever its state."""
    script: str = guests["own"]["commands"]["tailscale-farewell"]
    script = re.sub(r"(?m)^PATH=.*$", "", script)
    script = script.replace("/var/lib/tailscale/tailscaled.state", str(scene.folder / "none"))
    assert scene.run(f"set +e\n{script}").returncode == 0
    assert scene.called == ""


def test_the_editor_makes_a_password_once(guests: dict[str, Any], scene: Scene) -> None:
    """Without a password, code-server makes one that only root can read, and keeps it."""
    script = guests["own"]["scripts"]["code-server"]
    assert scene.run(script).returncode == 0
    made = scene.folder / "state/password"
    password = made.read_text()
    assert scene.run(script).returncode == 0
    assert made.read_text() == password
    assert made.stat().st_mode & 0o777 == 0o600
    config = scene.folder / "run/config.yaml"
    assert json.loads(config.read_text()) == {"auth": "password", "password": password.strip()}
    assert config.stat().st_mode & 0o777 == 0o600
    assert password.strip() not in scene.called


def test_the_editor_takes_a_password(guests: dict[str, Any], scene: Scene) -> None:
    """A password that is given is the editor's, whatever is in it, and none is made."""
    given = 'with "quotes": and # more'
    scene.give("password", f"{given}\n")
    answer = scene.run(guests["own"]["scripts"]["code-server"])
    assert json.loads((scene.folder / "run/config.yaml").read_text())["password"] == given
    assert not (scene.folder / "state/password").exists()
    assert answer.stdout == ""


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on PATH")
def test_the_gate_knows_a_hash(guests: dict[str, Any], scene: Scene) -> None:
    """The terminal's gate has a hash of the password, under one name."""
    scene.give("password")
    assert scene.run(guests["own"]["scripts"]["ttyd-gate"]).returncode == 0
    users = (scene.folder / "run/users").read_text()
    assert re.fullmatch(r"voxnix:\$6\$\S+\n", users)
    assert SECRET not in users + scene.called


@pytest.mark.parametrize(("guest", "variable"), [("plain", "GH_TOKEN"), ("own", "GH_ENTERPRISE_TOKEN")])
def test_gh_is_given_its_token(guests: dict[str, Any], scene: Scene, guest: str, variable: str) -> None:
    """Each gh reads the token for itself, and goes without when there is none."""
    scene.fake("gh", f'env | grep -E "^(GH_HOST|{variable})="')
    script: str = guests[guest]["commands"]["gh"]
    script = script.replace("/run/credentials/@system/gh.token", f"{scene.folder}/credentials/token")
    host = {"plain": "github.com", "own": "git.example.com"}[guest]
    assert scene.run(script).stdout == f"GH_HOST={host}\n"
    scene.give("token")
    assert set(scene.run(script).stdout.splitlines()) == {f"{variable}={SECRET}", f"GH_HOST={host}"}
