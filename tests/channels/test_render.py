import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console, RenderableType

from agent.channels import render
from agent.core.composition import Composition
from agent.core.errors import Problem
from agent.core.module import DebianPart, Module, Option, Port, Secret
from agent.core.operation import Loss, Operation, OperationState, Plan, Progress
from agent.core.workload import ContainerSpec, Usage, Workload, WorkloadState
from agent.services.diagnostics import Finding
from agent.services.images import KnownImage, Popular
from agent.services.secrets import KnownSecret
from agent.services.workloads import WorkloadStatus
from agent.store.images import Image
from tests.channels.conftest import MakeOperation

WIDTHS = [60, 80, 200]


def shown(renderable: RenderableType, width: int = 80) -> str:
    """What a person sees, without colours."""
    console = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def composed(*modules: str) -> Composition:
    """What a guest is made of, at its defaults."""
    return Composition(modules=modules, options={name: {} for name in modules})


def folded(text: str) -> str:
    """A text without what a narrow window puts into it."""
    return "".join(text.split())


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (10 << 30, "10.0 GiB"),
        (3 << 20, "3.0 MiB"),
        (5 << 50, "5.0 PiB"),
    ],
)
def test_sizes_are_in_the_units_that_quotas_are_set_in(amount: int, said: str) -> None:
    """A quota of 10G reads as 10 GiB, not as 10.7 of something."""
    assert render.size(amount) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-3, "0 s"), (0.4, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (200_000, "2 d")],
)
def test_a_span_is_in_its_largest_whole_unit(seconds: float, said: str) -> None:
    """How long ago is read at a glance, and never negative."""
    assert render.span(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize("width", WIDTHS)
def test_every_fact_of_a_container_fits_every_window(workload: Workload, now: datetime, width: int) -> None:
    """Name, state as a word, address, modules and age are there, and no line is longer than the window."""
    text = shown(render.workloads([workload], now + timedelta(seconds=12)), width)
    for fact in ("dev", "running", "10.88.0.12", "fish,git", "12sago"):
        assert fact in folded(text)
    assert max(map(len, text.splitlines())) <= width


def test_no_containers_are_a_hint() -> None:
    """An empty list says how to begin."""
    assert "voxnix create" in shown(render.workloads([], datetime.now().astimezone()))


def test_brackets_in_a_name_mean_nothing(workload: Workload, now: datetime) -> None:
    """What looks like markup is shown as it is."""
    odd = workload.model_copy(update={"addresses": ("[red]x[/red]",)})
    assert "[red]x[/red]" in shown(render.workloads([odd], now))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_status_shows_how_full_things_are(
    workload: Workload, operation: MakeOperation, now: datetime, width: int
) -> None:
    """The limit has its share, the limit and the use; what could not be read says so."""
    known = WorkloadStatus(
        workload=workload,
        root=Usage(used=5 << 30, available=5 << 30, quota=0, snapshots=3),
        workspace=None,
        whole=Usage(used=9 << 30, available=1 << 30, quota=10 << 30, snapshots=0),
        node_seen_at=now,
        last_operation=operation(state=OperationState.DONE, ended_at=now),
    )
    text = shown(render.status(known, now), width)
    for fact in (
        "5.0GiB,3snapshots",
        "90%of10.0GiB:9.0GiB",
        "couldnotberead",
        "dev-abcdeonhere",
        "operation7",
    ):
        assert fact in folded(text)
    assert max(map(len, text.splitlines())) <= width


def test_a_running_operation_says_where_it_is(operation: MakeOperation) -> None:
    """Step, label and count, each only where it is known."""
    assert render.step(operation()) == "step 2 of 4: installing packages 34 of 120"
    assert render.step(operation(progress=Progress(label="starting"))) == "step 2 of 4: starting"
    assert render.step(operation(progress=Progress(label="unpacking", done=3))) == "step 2 of 4: unpacking 3"
    queued = operation(state=OperationState.QUEUED, step=0, progress=Progress())
    assert render.step(queued) == "queued"


@pytest.mark.parametrize("width", WIDTHS)
def test_a_failed_operation_says_why_in_the_list(operation: MakeOperation, now: datetime, width: int) -> None:
    """The list of operations carries the cause, without the escape sequences in it."""
    failed = operation(
        state=OperationState.FAILED, problem=Problem("failed", "BuildFailed", "No \x1b[31mroom"), ended_at=now
    )
    text = shown(render.operations([failed, operation()], now), width)
    assert "Noroom" in folded(text)
    assert "\x1b" not in text


def test_no_operations_say_so(now: datetime) -> None:
    """An empty table would look like a mistake."""
    assert "Nothing" in shown(render.operations([], now))


def test_a_plan_counts_what_would_be_lost(plan: Plan) -> None:
    """Bytes for people, counts as they are."""
    lines = [line.split() for line in shown(render.plan(plan)).splitlines()]
    assert ["workspace", "3.0", "MiB"] in lines
    assert ["snapshots", "2"] in lines
    assert "lost" not in shown(render.plan(Plan(summary="Nothing much.")))


def test_a_plan_says_how_long_ago_the_last_change_was() -> None:
    """What was changed today is another thing to lose than what nobody has touched for years."""
    moment = datetime.now(UTC) - timedelta(hours=2, minutes=30)
    change = Loss(what="last change", amount=int(moment.timestamp()), unit="moment")
    assert "lastchangeabout2hago" in folded(shown(render.plan(Plan(summary="Gone.", losses=(change,)))))


def test_findings_come_with_what_to_do() -> None:
    """Each has a word for how it is, and a hint where there is one."""
    text = shown(
        render.findings(
            [
                Finding(name="pool", ok=True, detail="tank is ONLINE"),
                Finding(name="bridge", ok=False, detail="gone", hint="Set it up."),
                Finding(name="firewall", ok=None, detail="no answer"),
            ]
        )
    )
    for fact in ("✓ ok", "✗ broken", "? unclear", "→ Set it up."):
        assert fact in text


def test_a_problem_says_what_why_and_what_next() -> None:
    """Three sentences on three lines; what is missing takes no line."""
    assert shown(render.problem(Problem("refused", "X", "What.", "Why.", "Next."))).splitlines() == [
        "✗ What.", "  Why.", "  → Next.",
    ]  # fmt: skip
    assert shown(render.problem(Problem("refused", "X", "What."))).splitlines() == ["✗ What."]


def test_modules_are_shown_alone_and_together() -> None:
    """The table has one line for each; one module has all that it says of itself."""
    git = Module(
        name="git",
        summary="Version control",
        description="Git with its manual.",
        example="create dev with git",
        debian=DebianPart(packages=("git", "less")),
    )
    assert "create dev with git" in shown(render.modules([git]))
    text = shown(render.module(git))
    assert "Git with its manual." in text
    assert "git, less" in text


def test_a_module_with_options_says_what_they_accept() -> None:
    """Each option with what it accepts and its default, ports, secrets, and what it goes together with."""
    module = Module(
        name="web",
        summary="A server",
        description="It serves.",
        example="create site with web",
        options={
            "port": Option(type="integer", description="Where.", accepted="a number from 1 to 9", default=8),
            "title": Option(type="string", description="What.", accepted="a text", default="Grüße"),
        },
        ports=(Port(option="port", purpose="the pages"), Port(port=53, protocol="udp", purpose="names")),
        secrets={"key": Secret(description="Opens it.")},
        conflicts=("other",),
        requires=("base",),
    )
    text = " ".join(shown(render.module(module), 200).split())
    for fact in (
        "option port Where. It accepts a number from 1 to 9; by default 8.",
        'by default "Grüße".',
        "port 8/tcp: the pages",
        "port 53/udp: names",
        "secret web.key Opens it.",
        "needs base",
        "not with other",
        "packages none: NixOS only",
    ):
        assert fact in text


def test_chosen_options_are_shown_as_they_are_typed(workload: Workload, now: datetime) -> None:
    """As ``--set`` takes them; where none was chosen there is no line for them."""
    chosen = {"git": {"name": "Ann", "deep": [1, "é"]}, "a": {"on": True}}
    spec = ContainerSpec.model_validate({"name": "dev", "modules": ("a", "git"), "options": chosen})
    assert render.options(spec) == 'a.on=true, git.deep=[1, "é"], git.name=Ann'
    known = WorkloadStatus(
        workload=workload.model_copy(update={"spec": spec}),
        root=None,
        workspace=None,
        whole=None,
        node_seen_at=now,
        last_operation=None,
    )
    assert "git.name=Ann" in shown(render.status(known, now))
    plain = known.model_copy(update={"workload": workload})
    assert "options" not in shown(render.status(plain, now))


@pytest.mark.parametrize("width", WIDTHS)
def test_images_are_shown_with_who_uses_them(now: datetime, width: int) -> None:
    """Modules, users, age and the beginning of the digest; what nobody uses says so, in every window."""
    listed = [
        KnownImage(
            Image("0123456789abcdef", composed("fish", "git"), "", now), 2, current=True, size=3 << 20
        ),
        KnownImage(Image("fedcba9876543210", composed(), "/nix/store/x", now), 0, current=False, size=0),
    ]
    text = shown(render.images(listed, now + timedelta(hours=2)), width)
    for fact in ("fish,git", "nomodules", "nothing", "2hago", "0123456789ab", "no"):
        assert fact in folded(text)
    assert max(map(len, text.splitlines())) <= width


def test_what_is_asked_for_most_is_counted() -> None:
    """How often, and what."""
    text = shown(render.popular([Popular(composed("git"), 12)]))
    assert text.splitlines()[1].split() == ["12", "git"]


def test_secrets_are_shown_without_values() -> None:
    """Whether each was given, and what it is for."""
    text = shown(
        render.secrets(
            [KnownSecret("gh.token", "For GitHub.", given=True), KnownSecret("a.b", "X.", given=False)]
        )
    )
    assert [line.split()[:2] for line in text.splitlines()[1:]] == [["gh.token", "yes"], ["a.b", "no"]]


def test_what_is_outdated_comes_with_the_way_out(workload: Workload) -> None:
    """The names and the command; or that there is nothing to do."""
    text = shown(render.outdated([workload, workload]))
    assert "dev, dev" in text
    assert "voxnix upgrade --all" in text
    assert "newest" in shown(render.outdated([]))


def test_empty_lists_say_so(now: datetime) -> None:
    """An empty table would look like a mistake."""
    assert "No image" in shown(render.images([], now))
    assert "No container" in shown(render.popular([]))


def test_a_container_nobody_has_seen_was_never_seen(now: datetime, workload: Workload) -> None:
    """A container that is still being made has no address and no age, and says so."""
    new = workload.model_copy(
        update={
            "state": WorkloadState.CREATING,
            "addresses": (),
            "observed_at": None,
            "spec": ContainerSpec(name="dev"),
        }
    )
    assert shown(render.workloads([new], now)).splitlines()[1].split() == [
        "dev",
        "creating",
        "-",
        "-",
        "never",
    ]


def test_a_state_is_never_a_colour_alone(operation: MakeOperation) -> None:
    """Every state has its word: colours are switched off, and not everybody sees them."""
    for state in (*WorkloadState, *OperationState):
        assert render.state(state).plain == state.value
    assert isinstance(operation(), Operation)


def test_the_time_that_a_person_took_to_agree_is_not_the_operation_s(
    operation: MakeOperation, now: datetime
) -> None:
    """A destruction that was thought about for five minutes took as long as it ran."""
    begun = now + timedelta(minutes=5)
    ended = begun + timedelta(seconds=3)
    one = operation(state=OperationState.DONE, started_at=begun, ended_at=ended)
    assert render.took(one, ended) == "3 s"
