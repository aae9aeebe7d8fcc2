"""The commands about who may speak, as an admin types them."""

from datetime import UTC, datetime

import pytest

from agent.channels import render
from agent.core.account import CONSOLE, Account, Role
from agent.core.owner import Owner
from agent.services.access import Access
from tests.channels.test_commands import Run, answer, run
from tests.simulation import Simulation

__all__ = ["run"]


@pytest.fixture
def access(simulation: Simulation) -> Access:
    """The accounts of the product."""
    return simulation.app.services.access


def test_somebody_is_let_in_changed_and_sent_away(run: Run, access: Access) -> None:
    """The first admin is made on the machine; each command says what is so now."""
    code = access.knock("tg:101", "[bold]Ann[/]", 101).code
    listed = run("access", "list")
    assert listed.exit_code == 0
    assert code in listed.stdout
    assert "[bold]Ann[/]" in listed.stdout
    waiting = answer(run("access", "list", "--json"))["pairings"]
    assert [one["code"] for one in waiting if one["account"] == "tg:101"] == [code]
    approved = run("access", "approve", code.lower(), "--role", "admin")
    assert "[bold]Ann[/] (tg:101) is let in, with the role admin." in " ".join(approved.stdout.split())
    assert run("access", "approve", code).exit_code == 3
    changed = answer(run("access", "role", "tg:101", "viewer", "--json"))["account"]
    assert (changed["key"], changed["role"], changed["changed_by"]) == ("tg:101", "viewer", CONSOLE)
    assert run("access", "role", "tg:101", "king").exit_code == 2
    revoked = run("access", "revoke", "tg:101")
    assert (revoked.exit_code, "may do nothing any more" in revoked.stdout) == (0, True)
    found = {one["key"]: one for one in answer(run("access", "list", "--json"))["accounts"]}
    assert found["tg:101"]["role"] is None
    assert "revoked" in run("access", "list").stdout


def test_who_is_let_in_without_a_word_is_an_operator(run: Run, access: Access) -> None:
    """The role that is meant most often."""
    code = access.knock("tg:102", "Bob", 102).code
    assert answer(run("access", "approve", code, "--json"))["account"]["role"] == "operator"


def test_a_group_shares_containers_and_stops_to(run: Run) -> None:
    """Both are said in the list."""
    assert "may own containers now" in run("access", "share", "tg:-1101").stdout
    assert "shares containers" in run("access", "list").stdout
    assert answer(run("access", "unshare", "tg:-1101", "--json"))["account"]["shared"] is False
    refused = run("access", "share", "tg:1101", "--json")
    assert (refused.exit_code, answer(refused)["error"]["code"]) == (3, "InvalidRequest")


def test_on_the_machine_things_of_others_can_be_put_in_order(
    run: Run, access: Access, simulation: Simulation
) -> None:
    """Who types there has the machine: also for an account that may do nothing any more."""
    access.approve(CONSOLE, access.knock("tg:103", "Cat", 103).code, Role.OPERATOR)
    simulation.made(Owner("tg:103"), "left")
    access.revoke(CONSOLE, "tg:103")
    assert run("stop", "left", "--owner", "tg:103").exit_code == 0
    assert run("destroy", "left", "--owner", "tg:103", "--yes").exit_code == 0
    assert simulation.app.services.workloads.list(Owner("tg:103")) == []


def test_a_list_of_nobody_says_what_to_do() -> None:
    """And a group that shares nothing is shown as what it is."""
    assert "voxnix access approve CODE" in str(render.access([], [], datetime.now(UTC)))
    assert str(render.role(Account("tg:-5", "Team", None))) == "a group"


def test_the_tab_key_offers_who_is_meant(run: Run, access: Access) -> None:
    """People for a role, groups to share, codes to approve."""
    access.approve(CONSOLE, access.knock("tg:10488", "Dan", 1).code, Role.VIEWER)
    access.share(CONSOLE, "tg:-10488", shared=True)
    code = access.knock("tg:10499", "Eve", 1).code
    offered = {"role ": "tg:10488", "revoke ": "tg:10488", "share ": "tg:-10488", f"approve {code[:6]}": code}
    for typed, expected in offered.items():
        line = f"voxnix access {typed}"
        asked = {"_VOXNIX_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": "3"}
        shown = run(env=asked, prog_name="voxnix").stdout
        assert expected in [word.split("\t")[0] for word in shown.split()], typed
