import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import settings
from agent.app import App
from agent.core.account import CONSOLE, Role
from agent.host.simulated import Fault, SimulatedNode
from agent.host.simulated import node as simulated
from agent.services.diagnostics import BUILDER_PROGRAMS, PROGRAMS, Finding
from agent.store.channels import ChannelStore
from tests.services.conftest import made


def test_a_healthy_node_is_in_order(app: App) -> None:
    """Every check says yes, and what it saw."""
    made(app)
    findings = app.services.diagnostics.check()
    assert {finding.name for finding in findings if finding.ok} == {
        *("database", "worker", "programs", "pool", "zfs", "bridge", "firewall", "modules", "guests"),
        *("model", "people", "telegram", "containers"),
    }
    assert all(finding.detail for finding in findings)


def test_a_check_that_fails_is_a_finding(app: App, node: SimulatedNode) -> None:
    """The others are still made, and the person learns what to do."""
    node.faults.append(Fault("^zpool", stderr="cannot open 'tank': no such pool", times=None))
    node.faults.append(Fault("^nft", stderr="Error: No such file or directory", times=None))
    findings = {finding.name: finding for finding in app.services.diagnostics.check()}
    assert findings["pool"].ok is False
    assert "no such pool" in findings["pool"].detail
    assert findings["firewall"].ok is not True
    assert findings["database"].ok


def test_what_this_zfs_lacks_is_told(app: App, node: SimulatedNode) -> None:
    """It is no fault, and what is done instead stands beside it."""
    found = {finding.name: finding for finding in app.services.diagnostics.check()}["zfs"]
    assert found.ok
    assert "no list of changed files: both trees are read" in found.detail
    node.faults.append(Fault("^zfs$", returncode=127, stderr="zfs: not found", times=None))
    found = {finding.name: finding for finding in app.services.diagnostics.check()}["zfs"]
    assert not found.ok


def test_who_waits_to_be_let_in_is_not_overlooked(app: App) -> None:
    """They are counted, and the admin learns where to look."""
    access = app.services.access
    codes = [access.knock(f"tg:{number}", "x", number).code for number in (1, 2)]
    access.approve(CONSOLE, codes[0], Role.VIEWER)
    found = {finding.name: finding for finding in app.services.diagnostics.check()}["people"]
    assert (found.ok, found.detail) == (True, "1 may speak to the bot, 1 wait to be let in")
    assert "voxnix access list" in found.hint


def test_every_program_that_is_driven_is_looked_for() -> None:
    """The simulated node knows each command of the host layer; what no system lacks is left out."""
    driven = {*simulated.PROGRAMS, *simulated.STREAMS} - {"find", "mkdir", "mv", "rm", sys.executable}
    assert driven <= {*PROGRAMS, *BUILDER_PROGRAMS["debian"]}


@pytest.mark.parametrize(
    ("tree", "detail"),
    [(None, "the setting nixpkgs is not set"), (Path("/nowhere"), "there is no nixpkgs at /nowhere")],
)
def test_guests_of_nix_need_a_nixpkgs(tmp_path: Path, tree: Path | None, detail: str) -> None:
    """The doctor says so before anybody waits for a build."""
    changed = settings.load(simulate=True, state_dir=tmp_path, guest_builder="nix", nixpkgs=tree)
    with App.open(changed) as app:
        found = {finding.name: finding for finding in app.services.diagnostics.check()}
    assert (found["guests"].ok, found["guests"].detail) == (False, detail)


def telegram(app: App) -> Finding:
    """What the doctor finds of the bot."""
    return next(one for one in app.services.diagnostics.check() if one.name == "telegram")


def test_a_bot_that_nobody_wants_is_no_trouble(app: App) -> None:
    """It is said how to have one."""
    found = telegram(app)
    assert (found.ok, found.detail) == (True, "no bot runs")
    assert "telegram_token" in found.hint


def test_a_bot_with_a_token_has_to_run(tmp_path: Path) -> None:
    """One that was never started is missed."""
    given = settings.load(simulate=True, state_dir=tmp_path, telegram_token="12:abc")  # noqa: S106
    with App.open(given) as app:
        found = telegram(app)
    assert (found.ok, found.detail) == (False, "there is a token, and no bot was ever heard of")
    assert found.hint == "Start the bot: systemctl start voxnix-bot"


@pytest.mark.parametrize("problem", ["", "Telegram cannot be reached (TimedOut)."])
def test_a_bot_that_is_silent_is_missed(app: App, problem: str) -> None:
    """With when it was heard of last, and what it said then."""
    last = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    database = app._database  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    ChannelStore(database).beat("telegram", problem, last)
    found = telegram(app)
    assert found.ok is False
    assert found.detail == ": ".join(filter(None, ["last heard of at 2026-01-02 03:04:05 UTC", problem]))
    assert found.hint == "Start the bot: systemctl start voxnix-bot"


def test_what_the_bot_says_is_wrong_is_found(app: App) -> None:
    """And nothing once it is well again."""
    problem = "Another process takes the updates of this bot: stop it, or give it a token of its own."
    app.services.chats.beat("telegram", problem)
    found = telegram(app)
    assert (found.ok, found.detail) == (False, problem)
    assert "journalctl -u voxnix-bot" in found.hint
    app.services.chats.beat("telegram", "")
    assert telegram(app) == Finding(name="telegram", ok=True, detail="the bot talks to people")
