"""The commands that change what containers are made of, and those about images, secrets and modules."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from agent.core.owner import Owner
from agent.core.workload import Generation
from agent.host.simulated import Fault
from agent.store.database import Database
from agent.store.workloads import WorkloadStore
from tests.channels.test_commands import Run, answer, run
from tests.simulation import Simulation

__all__ = ["run"]
SESAME = "open-sesame-4711"


def spec_of(run: Run, name: str = "dev") -> dict[str, Any]:
    """What a container is made of."""
    return answer(run("status", name, "--json"))["workload"]["spec"]


def age(simulation: Simulation, owner: Owner, *names: str) -> None:
    """Have containers be made of something older than there is now."""
    database = Database(str(simulation.app.settings.database))
    for name in names:
        workload = simulation.app.services.workloads.find(owner, name)
        assert workload.generation is not None
        older = Generation(spec=workload.spec, digest=f"older-{workload.generation.digest}"[:32])
        WorkloadStore(database).become(workload.node, workload.machine, older)
    database.close()


def test_a_container_is_created_with_options(run: Run) -> None:
    """A text is taken as it is, everything else as JSON, and one item of a list needs no brackets."""
    created = run(
        *("create", "dev", "git", "caddy", "postgresql"),
        *("--set", "git.name=Ann = 5", "--set", "caddy.port=8080", "--set", "postgresql.databases=app"),
        *("--set", "postgresql.expose=false"),
    )
    assert created.exit_code == 0
    assert spec_of(run)["options"] == {
        "git": {"name": "Ann = 5"},
        "caddy": {"port": 8080},
        "postgresql": {"databases": ["app"], "expose": False},
    }
    shown = run("status", "dev").stdout
    assert "caddy.port=8080" in shown
    assert 'postgresql.databases=["app"]' in shown


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ("git", "InvalidRequest", "MODULE.OPTION=VALUE"),
        ("git.name", "InvalidRequest", "MODULE.OPTION=VALUE"),
        ("=x", "InvalidRequest", "MODULE.OPTION=VALUE"),
        ("gti.name=Ann", "UnknownModule", "Did you mean git"),
        ("git.nick=Ann", "InvalidSpec", "Its options are: email, name."),
        ("caddy.port=99999", "InvalidSpec", "65535"),
        ("caddy.port=many", "InvalidSpec", "The option port of caddy has to be"),
        ("fish.greeting=x", "InvalidSpec", "Add the module fish"),
    ],
)
def test_an_option_that_cannot_be_is_refused(run: Run, given: str, code: str, said: str) -> None:
    """With what would be accepted, and nothing is created."""
    refused = run("create", "dev", "git", "caddy", "--set", given)
    assert refused.exit_code == 3
    assert said in " ".join(refused.stderr.split())
    assert answer(run("create", "dev", "git", "caddy", "--set", given, "--json"))["error"]["code"] == code
    assert answer(run("list", "--json"))["workloads"] == []


def test_a_refused_option_is_named_for_programs(run: Run) -> None:
    """Module, option and what is accepted are fields of their own."""
    refused = answer(run("create", "dev", "git", "--set", "git.nick=Ann", "--json"))["error"]
    assert refused["about"] == {
        "code": "unknown_option",
        "module": "git",
        "option": "nick",
        "accepted": "email, name",
    }


def test_a_container_is_updated_and_rolled_back(run: Run, simulation: Simulation, owner: Owner) -> None:
    """Modules come and go, options change, and one word brings back what was."""
    simulation.made(owner, "dev", "git")
    updated = run("update", "dev", "--add", "fish", "--add", "go", "--set", "git.name=Ann")
    assert updated.exit_code == 0
    assert "dev was updated" in updated.stdout
    assert "of 4: " in updated.stderr
    removed = answer(run("update", "dev", "--remove", "go", "--json"))["operation"]
    assert (removed["kind"], removed["state"]) == ("update", "done")
    assert spec_of(run)["modules"] == ["fish", "git"]
    assert spec_of(run)["options"] == {"git": {"name": "Ann"}}
    assert run("rollback", "dev").exit_code == 3
    rolled = run("rollback", "dev", "--yes")
    assert rolled.exit_code == 0
    assert "dev was rolled back" in rolled.stdout
    assert spec_of(run)["modules"] == ["fish", "git", "go"]


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["update", "dev"], "InvalidRequest"),
        (["update", "dev", "--remove", "fish"], "InvalidRequest"),
        (["update", "dev", "--add", "gti"], "UnknownModule"),
        (["update", "dev", "--set", "git.name=5", "--set", "git.nick=x"], "InvalidSpec"),
        (["update", "nothing", "--add", "git"], "UnknownWorkload"),
        (["rollback", "dev"], "InvalidRequest"),
        (["rollback", "nothing"], "UnknownWorkload"),
        (["images", "build", "gti"], "UnknownModule"),
        (["secrets", "give", "git.nothing"], "InvalidRequest"),
        (["secrets", "take", "nonsense"], "InvalidRequest"),
        (["secrets", "give", "gh.token", "--for", "No Name"], "InvalidName"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(
    run: Run, simulation: Simulation, owner: Owner, argv: list[str], code: str
) -> None:
    """Exit code 3 with a sentence or an object, and nothing is asked of the node."""
    simulation.made(owner, "dev", "git")
    refused = run(*argv, "--json", input="x")
    assert refused.exit_code == 3
    assert answer(refused)["error"]["code"] == code
    assert run(*argv, input="x").stderr.count("✗") == 1
    assert simulation.changes(owner) == ["create dev"]


def test_nothing_to_upgrade_is_said(run: Run, simulation: Simulation, owner: Owner) -> None:
    """Both ways, with and without --all."""
    simulation.made(owner, "dev", "git")
    for argv in (["upgrade"], ["upgrade", "--all"]):
        done = run(*argv)
        assert done.exit_code == 0
        assert "made of the newest there is" in done.stdout
        assert answer(run(*argv, "--json"))["workloads"] == []


def test_what_is_outdated_is_shown_and_upgraded(run: Run, simulation: Simulation, owner: Owner) -> None:
    """One after another, telling how it goes; afterwards there is nothing left to do."""
    for name in ("a", "b", "c"):
        simulation.made(owner, name, "git")
    age(simulation, owner, "a", "b")
    assert "a, b." in run("upgrade").stdout
    assert [one["spec"]["name"] for one in answer(run("upgrade", "--json"))["workloads"]] == ["a", "b"]
    done = run("upgrade", "--all")
    assert done.exit_code == 0
    assert 0 <= done.stderr.find("update a: ") < done.stderr.find("update b: ")
    assert "of 4: " in done.stderr
    assert simulation.changes(owner)[3:] == ["update a", "update b"]
    assert answer(run("upgrade", "--json"))["workloads"] == []


def test_an_upgrade_goes_on_when_one_goes_wrong(run: Run, simulation: Simulation, owner: Owner) -> None:
    """The exit code is the worst of all, and the others are upgraded all the same."""
    for name in ("a", "b"):
        simulation.made(owner, name, "git")
    age(simulation, owner, "a", "b")
    unit = f"systemd-nspawn@{simulation.app.services.workloads.find(owner, 'a').machine}.service"
    with simulation.failing(Fault(f"systemctl start {unit}", stderr="Job failed", times=1)):
        done = run("upgrade", "--all", "--json")
    assert done.exit_code == 4
    assert [one["state"] for one in answer(done)["operations"]] == ["failed", "done"]
    assert answer(done)["refused"] == []


def test_an_upgrade_goes_on_when_one_is_refused(run: Run, simulation: Simulation, owner: Owner) -> None:
    """A container whose module is there no more is named; the next has its turn."""
    for name in ("a", "b"):
        simulation.made(owner, name, "git")
    age(simulation, owner, "b")
    database = Database(str(simulation.app.settings.database))
    workload = simulation.app.services.workloads.find(owner, "a")
    gone = workload.spec.model_copy(update={"modules": ("gone",)})
    WorkloadStore(database).become(workload.node, workload.machine, Generation(spec=gone, digest="x"))
    database.close()
    told = run("upgrade", "--all")
    assert told.exit_code == 3
    assert "a was not updated. There is no module called gone." in told.stderr
    assert answer(run("upgrade", "--all", "--json"))["refused"][0]["name"] == "a"
    assert simulation.changes(owner)[2:] == ["update b"]


def test_images_are_built_listed_and_pruned(run: Run, simulation: Simulation, owner: Owner) -> None:
    """What nobody uses goes, what somebody uses stays, and what is asked for most is counted."""
    simulation.made(owner, "dev", "redis")
    built = run("images", "build", "redis", "rust")
    assert built.exit_code == 0
    assert "built in" in built.stdout
    listed = {tuple(one["modules"]): one for one in answer(run("images", "list", "--json"))["images"]}
    assert (listed["redis", "rust"]["users"], listed["redis",]["users"]) == (0, 1)
    assert listed["redis",]["current"] is True
    assert "redis, rust" in run("images", "list").stdout
    assert answer(run("images", "prune", "--json"))["operation"]["state"] == "done"
    left = [one["modules"] for one in answer(run("images", "list", "--json"))["images"]]
    assert ["redis"] in left
    assert ["redis", "rust"] not in left
    popular = answer(run("images", "popular", "--limit", "100", "--json"))["popular"]
    assert {"times": 1, "modules": ["redis"], "options": listed["redis",]["options"]} in popular
    assert run("images", "popular").exit_code == 0


def test_a_secret_is_given_and_never_shown(run: Run, simulation: Simulation, owner: Owner) -> None:
    """It is read from standard input, kept for its owner, and taken back."""
    answers = [
        run("secrets", "give", "gh.token", input=f"{SESAME}\n"),
        run("secrets", "give", "gh.token", "--for", "dev", "--json", input=SESAME),
        run("secrets", "list"),
        run("secrets", "list", "--json"),
    ]
    assert [one.exit_code for one in answers] == [0, 0, 0, 0]
    assert not any(SESAME in one.output for one in answers)
    kept = f"{simulation.app.settings.secrets_dir}/owners/{owner.key}/gh.token"
    assert simulation.node.read(kept) == SESAME
    assert answer(answers[1]) == {"name": "gh.token", "given": True, "simulated": True}
    given = {one["name"]: one["given"] for one in answer(answers[3])["secrets"]}
    assert given["gh.token"] is True
    assert given["postgresql.password"] is False
    assert answer(run("secrets", "take", "gh.token", "--json"))["given"] is False
    assert simulation.node.read(kept) is None


def test_an_empty_secret_is_refused(run: Run, owner: Owner, simulation: Simulation) -> None:
    """Nothing is kept, and the sentence says how to give it."""
    refused = run("secrets", "give", "gh.token", input="\n")
    assert refused.exit_code == 3
    assert "standard input" in refused.stderr
    assert simulation.node.read(f"{simulation.app.settings.secrets_dir}/owners/{owner.key}/gh.token") is None


def test_a_module_tells_its_options(run: Run) -> None:
    """What each accepts and is by default, ports and secrets, for people and programs."""
    shown = " ".join(run("modules", "postgresql").stdout.split())
    for fact in ("option port", "by default 5432", "secret postgresql.password", "5432/tcp"):
        assert fact in shown
    described = answer(run("modules", "postgresql", "--json"))["module"]
    assert described["options"]["port"]["default"] == 5432


def test_without_a_folder_of_modules_there_is_nothing_to_refresh(run: Run) -> None:
    """Exit code 2: a setting is missing, and the sentence names it."""
    refused = run("modules", "refresh")
    assert refused.exit_code == 2
    assert "modules_dir" in refused.stderr
    assert answer(run("modules", "refresh", "--json"))["error"]["code"] == "InvalidSettings"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["update"], ("--add", "--remove", "--set", "MODULE.OPTION=VALUE", "--json")),
        (["rollback"], ("before its last update", "--no-wait")),
        (["upgrade"], ("--all", "--json")),
        (["create"], ("--set",)),
        (["images"], ("list", "build", "prune", "popular")),
        (["images", "popular"], ("--limit", "--json")),
        (["secrets"], ("list", "give", "take")),
        (["secrets", "give"], ("--for", "standard input", "--json")),
    ],
)
def test_the_commands_explain_themselves(run: Run, argv: list[str], words: tuple[str, ...]) -> None:
    """Help names what can be typed."""
    helped = run(*argv, "--help", env={"COLUMNS": "200"})
    assert helped.exit_code == 0
    for word in words:
        assert word in helped.stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("voxnix update dev --remove ", ["git", "redis"]),
        ("voxnix update dev --add pos", ["postgresql"]),
        ("voxnix update dev --set redis.p", ["redis.persist=", "redis.port="]),
        ("voxnix update --remove py", ["python"]),
        ("voxnix secrets give gh", ["gh.token"]),
        ("voxnix secrets give gh.token --for d", ["dev"]),
        ("voxnix rollback d", ["dev"]),
    ],
)
def test_the_tab_key_offers_what_there_is(
    run: Run, simulation: Simulation, owner: Owner, typed: str, offered: list[str]
) -> None:
    """To remove: what the container is made of. To set: the options. To give: the secrets."""
    simulation.made(owner, "dev", "git", "redis")
    words = typed.split(" ")
    asked = {
        "_VOXNIX_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(words) - 1),
    }
    shown = run(env=asked, prog_name="voxnix").stdout
    assert [line.split("\t")[0] for line in shown.split()] == offered


def test_what_was_built_has_a_moment(run: Run, simulation: Simulation, owner: Owner) -> None:
    """In JSON it is an instant with its zone."""
    simulation.made(owner, "dev", "git")
    first = json.loads(run("images", "list", "--json").stdout)["images"][0]
    assert datetime.fromisoformat(first["built_at"]) <= datetime.now(UTC)
