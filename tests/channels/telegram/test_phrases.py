"""What the bot says by itself can be read, in each language."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.channels.telegram import phrases
from agent.channels.telegram.formatting import formatted
from agent.channels.telegram.phrases.steps import step_label
from agent.core.account import Account, Pairing, Role
from agent.core.errors import Problem, Refusal
from agent.core.notice import Notice, NoticeKind
from agent.core.operation import Loss, Operation, OperationKind, OperationState, Plan, Progress, Request
from agent.core.preference import Preference
from agent.core.printable import printable
from agent.core.storage import OwnerSpace, Space
from agent.core.trash import Trashed
from agent.core.workload import ContainerSpec, Workload, WorkloadState
from agent.host.mmdebstrap import Follower
from agent.host.nix_log import Phase
from agent.texts import LANGUAGES, Texts, texts_for

AGENT = Path(phrases.__file__).parents[3]
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
WEEK_AGO = datetime.now(UTC) - timedelta(days=7, hours=1)
EN = texts_for("en")
PLAN = Plan(
    summary="Destroy dev.",
    losses=(
        Loss(what="workspace", amount=1536 * 1024**2, unit="bytes"),
        Loss(what="root", amount=32 * 1024**2, unit="bytes"),
        Loss(what="snapshots", amount=3, unit="count"),
        Loss(what="last change", amount=int(WEEK_AGO.timestamp()), unit="moment"),
    ),
)
GIB = 1024**3
SPACE = OwnerSpace(
    quota=100 * GIB,
    used=30 * GIB,
    workloads=(
        Space(name="dev", root=2 * GIB, workspace=16 * GIB, snapshots=GIB, quota=20 * GIB),
        Space(name="web", root=GIB, workspace=0, snapshots=0, quota=0),
        Space(name="old", root=GIB, workspace=9 * GIB, snapshots=0, quota=20 * GIB, trash=True),
    ),
)
TRASHED = Trashed(
    operation=7,
    workload=Workload(
        owner="tg:5",
        spec=ContainerSpec(name="old"),
        machine="old-k3x7q",
        node="here",
        state=WorkloadState.STOPPED,
        created_at=NOW,
    ),
    trashed_at=NOW - timedelta(days=2),
    expires_at=NOW + timedelta(days=5),
)
LABEL = re.compile(r'(?:Step\(|[ (_]label ?= ?)"([^"]+)"|\("I: [^"]+", "([^"]+)"\)')
"""Where the services and mmdebstrap's follower say what they do."""

PROBLEM = Problem("failed", "HostFailure", "dev did not come up.", "Its unit is *failed*.", "See `logs dev`.")
STRANGER = "*Eve* [x](https://evil.example)"


def operation(kind: OperationKind = OperationKind.CREATE, **given: Any) -> Operation:  # noqa: ANN401 - pydantic checks each
    """An operation that runs, but for what is given."""
    values: dict[str, Any] = {
        "id": 7,
        "owner": "tg:5",
        "node": "here",
        "kind": kind,
        "workload": "dev",
        "machine": "dev-k3x7q",
        "request": Request(channel="telegram"),
        "state": OperationState.RUNNING,
        "created_at": NOW,
    }
    return Operation(**values | given)


def notice(kind: NoticeKind, **values: str | int) -> Notice:
    """A notice about dev."""
    return Notice(1, "tg:5", kind, "dev", values, NOW)


def shown(markdown: str) -> str:
    """What a person reads."""
    return "\n\n".join(part.text for part in formatted(markdown))


KINDS = tuple(OperationKind)
EVERYTHING: dict[str, Callable[[Texts], str]] = {
    "access": lambda say: phrases.access(
        say,
        [
            Account("tg:5", STRANGER, Role.ADMIN),
            Account("tg:6", "Bob", None),
            Account("tg:-7", "Team", None, shared=True),
        ],
        [Pairing("ABCD2345", "tg:8", STRANGER, 8, NOW)],
    ),
    "nobody": lambda say: phrases.access(say, [], []),
    "knock": lambda say: phrases.somebody_knocks(say, STRANGER, "tg:8", "ABCD2345"),
    "code": lambda say: phrases.pairing_code(say, "ABCD2345"),
    "greeting": lambda say: phrases.greeting(say, STRANGER),
    "revoked": phrases.revoked,
    "late": lambda say: phrases.late(say, timedelta(days=3)),
    "heard": lambda say: phrases.heard(say, "list *my* containers"),
    "saved": lambda say: phrases.file_saved(say, "/workspace/a_b_c.pdf", "dev", 2048),
    "large": lambda say: phrases.too_large(say, 30_000_000, 20_000_000),
    "plan": lambda say: phrases.plan(say, operation(OperationKind.DESTROY, plan=PLAN)),
    "goes_on": lambda say: phrases.goes_on(say, operation()),
    "cancelling": lambda say: phrases.goes_on(say, operation(cancelled_by="tg:5")),
    "cancelled": lambda say: phrases.goes_on(
        say, operation(state=OperationState.CANCELLED, cancelled_by="a")
    ),
    "progress of what is cancelled": lambda say: phrases.progress(say, operation(cancelled_by="tg:5")),
    "kept": lambda say: phrases.result(
        say, operation(OperationKind.DESTROY, state=OperationState.DONE), timedelta(days=7)
    ),
    "usage": lambda say: phrases.usage(say, SPACE),
    "usage without limits": lambda say: phrases.usage(
        say,
        OwnerSpace(
            quota=0, used=5, workloads=(Space(name="dev", root=5, workspace=0, snapshots=0, quota=0),)
        ),
    ),
    "no usage": lambda say: phrases.usage(say, OwnerSpace(quota=9, used=0, workloads=())),
    "trash": lambda say: phrases.trash(say, [TRASHED], NOW),
    "empty trash": lambda say: phrases.trash(say, [], NOW),
    "settings": lambda say: phrases.settings(
        say, Preference("de", "22:00", "07:00", frozenset({NoticeKind.QUOTA}))
    ),
    "muted": lambda say: phrases.settings(say, Preference(muted=frozenset(NoticeKind))),
    "crashed": lambda say: phrases.notice(say, notice(NoticeKind.CRASHED, result="exit-code", status=1)),
    "not up": lambda say: phrases.notice(say, notice(NoticeKind.CRASHED, result="reboot", status=0)),
    "full": lambda say: phrases.notice(say, notice(NoticeKind.QUOTA, part="workload", used=91, quota=100)),
    "full owner": lambda say: phrases.notice(say, notice(NoticeKind.QUOTA, part="owner", used=91, quota=100)),
    "failed": lambda say: phrases.result(say, operation(state=OperationState.FAILED, problem=PROBLEM)),
    **{f"help {role}": lambda say, role=role: phrases.help_text(say, role) for role in Role},
    **{f"welcome {role}": lambda say, role=role: phrases.welcome(say, role) for role in Role},
    **{f"let in {role}": lambda say, role=role: phrases.let_in(say, STRANGER, role) for role in Role},
    **{
        f"{kind} {state}": lambda say, kind=kind, state=state: phrases.result(
            say, operation(kind, state=state)
        )
        for kind in KINDS
        for state in OperationState
        if state.ended
    },
    **{f"progress {kind}": lambda say, kind=kind: phrases.progress(say, operation(kind)) for kind in KINDS},
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", EVERYTHING)
def test_a_phrase_fits_in_a_message_and_shows_no_markup(name: str, language: str) -> None:
    """Each asterisk is bold; what a stranger calls themselves stays as it is, and hides no address."""
    text = shown(EVERYTHING[name](texts_for(language)).replace(STRANGER, "?"))
    own = text.replace(STRANGER, "").replace("*my*", "").replace("*failed*", "").replace("/start_", "")
    assert len(formatted(EVERYTHING[name](texts_for(language)))) == 1
    assert not re.search(r"[*`\\{}]|_(?!b|c)", own), text


@pytest.mark.parametrize("name", EVERYTHING)
def test_each_language_says_it_in_its_own_words(name: str) -> None:
    """Nothing is left in English."""
    said = {EVERYTHING[name](texts_for(language)) for language in LANGUAGES}
    assert len(said) == len(LANGUAGES)


@given(st.text(min_size=1))
@settings(deadline=None)
def test_what_was_heard_is_shown_as_it_was_heard(words: str) -> None:
    """Whatever it is: the person checks it before it is done."""
    said = " ".join(printable(words).split())
    assert shown(phrases.heard(EN, words)) == f"🎤 I heard: {said}".strip() or not said


def test_a_plan_tells_the_losses_in_numbers() -> None:
    """The same numbers that the approval is bound to."""
    assert shown(EVERYTHING["plan"](EN)) == (
        """\
⚠️ Destroy dev.

This would be lost:
• files in /workspace: 1.5 GiB
• the system and what was installed in it: 32 MiB
• snapshots: 3
• last changed: 1 week ago

Nothing happens before you agree."""
    )


def test_a_plan_of_another_kind_is_told_in_its_own_words() -> None:
    """A kind that is gated later is not shown as a destruction."""
    asked = operation(OperationKind.PRUNE, plan=Plan(summary="Prune `all` images."))
    assert "Prune all images." in shown(phrases.plan(EN, asked))
    assert phrases.agree(EN, asked) == "Yes, do it"
    assert phrases.agree(EN, operation(OperationKind.DESTROY)) == "Yes, destroy dev"


@pytest.mark.parametrize(
    ("step", "told", "text"),
    [
        (0, Progress(), "waits until it can begin"),
        (1, Progress(label="build"), "░░░░░░░░░░ step 1 of 4\nbuilding"),
        (
            2,
            Progress(label="downloading packages", done=6, total=12),
            "▓▓▓░░░░░░░ step 2 of 4\ndownloading packages · 6 of 12",
        ),
        (4, Progress(label="x_y", done=9, total=3), "▓▓▓▓▓▓▓▓▓▓ step 4 of 4\nx_y · 9 of 3"),
        (3, Progress(), "▓▓▓▓▓░░░░░ step 3 of 4"),
    ],
)
def test_progress_is_a_bar_the_step_and_what_it_does(step: int, told: Progress, text: str) -> None:
    """The bar is about all steps, and moves with what is counted."""
    assert (
        shown(phrases.progress(EN, operation(step=step, steps=4, progress=told)))
        == f"⏳ Creating dev\n{text}"
    )


def test_a_failure_says_what_happened_why_and_what_to_do() -> None:
    """In the words of the service, as they are."""
    assert shown(EVERYTHING["failed"](EN)) == (
        """\
❌ That did not work: Creating dev

dev did not come up.
Its unit is *failed*.
→ See logs dev."""
    )
    assert phrases.refusal(EN, Refusal("No.").problem) == r"**No\.**"


def labels() -> set[str]:
    """Every fixed label that a step, or a program that it runs, may have."""
    found = {phase.value for phase in Phase}
    for file in (*(AGENT / "services").rglob("*.py"), AGENT / "host" / "mmdebstrap.py"):
        for groups in LABEL.findall(file.read_text()):
            found |= set(filter(None, groups))
    return found


@pytest.mark.parametrize("label", sorted(labels()))
def test_what_a_step_says_is_translated(label: str) -> None:
    """A new label of a step gets a translation."""
    assert step_label(texts_for("de"), label) != step_label(EN, label)


def test_what_a_program_says_of_itself_is_shown_as_it_is() -> None:
    """Names of packages and modules are the same in every language."""
    say = texts_for("de")
    assert shown(step_label(say, "building rust_1.2")) == "bauen rust_1.2"
    assert shown(step_label(say, "setting up code-server")) == "code-server einrichten"
    assert shown(step_label(say, "taking leave for tailscale")) == "tailscale abmelden"
    assert shown(step_label(say, "quite *new*")) == "quite *new*"
    told = Follower().feed("I: cleaning package lists")
    assert told is not None
    assert step_label(say, told.label) == "abschließen"


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"result": "exit-code", "status": 3}, "It ended with exit code 3."),
        ({"result": "core-dump", "status": "11"}, "It was ended by signal 11."),
        ({"result": "oom-kill", "status": ""}, "It needed more memory than it may have."),
        ({"result": "watchdog", "status": ""}, "It did not answer in time."),
        ({"result": "resources", "status": ""}, ""),
    ],
)
def test_a_crash_is_told_with_its_cause(values: dict[str, str | int], text: str) -> None:
    """As systemd saw it; a cause without a name is left out."""
    head = "💥 dev has crashed, without having been asked to stop."
    assert shown(phrases.notice(EN, notice(NoticeKind.CRASHED, **values))) == f"{head}\n{text}".strip()


def test_what_did_not_come_back_after_a_reboot_did_not_crash() -> None:
    """Its owner is told what happened, and has the same buttons."""
    assert shown(EVERYTHING["not up"](EN)) == (
        "🔌 dev does not run: the machine was restarted, and it could not be started again."
    )


def test_a_notice_offers_the_obvious_thing() -> None:
    """A tap says a command."""
    assert phrases.notice_offers(texts_for("de"), notice(NoticeKind.CRASHED)) == [
        ("Starten", "/start dev"),
        ("Logs", "/logs dev"),
    ]


def test_settings_say_how_each_is_changed() -> None:
    """With the commands that change them."""
    assert shown(EVERYTHING["settings"](EN)) == (
        """\
🗣 I write in English. /language de
🌙 Between 22:00 and 07:00 I only answer. What happens meanwhile I tell you afterwards.
/quiet 22:00 7:00, /quiet off

I tell you by myself when:
• a container has crashed: /mute crashed
I do not tell you when:
• a container's space is nearly full: /unmute quota"""
    )


def test_space_is_told_with_a_bar() -> None:
    """The largest first, each with its limit and what it is made up of; what is in the trash has none."""
    assert shown(EVERYTHING["usage"](EN)) == (
        """\
💾 Your space: 30 GiB of 100 GiB
▓▓▓░░░░░░░ 30 %

• dev: 19 GiB of 20 GiB (95 %)
system 2 GiB · /workspace 16 GiB · snapshots 1 GiB
• web: 1 GiB
• old, in the trash: 10 GiB
system 1 GiB · /workspace 9 GiB"""
    )


def test_what_is_in_the_trash_is_told_with_the_way_back() -> None:
    """And for how long there is one."""
    assert shown(EVERYTHING["trash"](EN)) == (
        """\
🗑 In your trash:

• old, destroyed 2 days ago, kept for 5 days

/restore old brings it back, /purge old removes it for good."""
    )


@pytest.mark.parametrize("command", ["logs", "status", "start", "stop", "restart", "rollback"])
def test_a_button_says_its_command(command: str) -> None:
    """In the person's language."""
    assert phrases.label(EN, command).replace(" ", "").lower() == command
    assert phrases.label(texts_for("es"), command) != phrases.label(EN, command)
    assert phrases.label(EN, "usage") == "Usage"
    assert phrases.label(EN, "restore") == "Undo"
