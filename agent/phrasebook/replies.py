"""What tools answered -> Markdown for a person. It says what is known, what can be done next, and no more."""

import json
from collections.abc import Sequence
from datetime import datetime

from agent.core.notice import NoticeKind
from agent.core.operation import OperationKind, OperationState
from agent.core.workload import Usage, WorkloadState
from agent.phrasebook.meaning import Lost, Say
from agent.tools.preferences_view import PreferencesView
from agent.tools.views import (
    ChangeView,
    ExecutedView,
    FileView,
    LogsView,
    ModulesView,
    ModuleView,
    ProblemView,
    StatusView,
    View,
    WorkloadsView,
    WorkloadView,
)

HELP = """\
- `create a container called dev with git and fish`
- `list my containers`, `status of dev`
- `run git --version in dev`, `show me the last 20 lines of dev's log`
- `stop dev`, `start dev`, `restart dev`
- `add rust to dev`, `remove rust from dev`, `update dev`, `roll back dev`
- `what modules are there`, `tell me about the git module`
- `destroy dev`: shows what would be lost, and asks you first

Slash commands do the same: `/create dev git fish`, `/list`, `/status dev`, `/exec dev git --version`, \
`/logs dev 20`, `/start dev`, `/stop dev`, `/restart dev`, `/update dev +rust -git`, \
`/rollback dev`, `/destroy dev`, `/modules`, `/modules git`.

I tell you when a container crashes or fills up. `/quiet 22:00-07:00` has that wait in the night, until \
`/quiet off`; `/mute quota` or `/mute crashed` is the end of it, until `/unmute`."""

SAID = {
    "hello": "Hello! I look after your containers. For example:\n\n" + HELP,
    "help": "I make and look after containers for you. Say it in your words, such as:\n\n" + HELP,
    "thanks": "You are welcome.",
    "unchanged": "All right: I changed nothing.",
    "approve": (
        "I cannot agree for you. Where something waits for you, answer the question that is shown"
        " with its plan. To see what there is, say `list my containers`."
    ),
    "no files": (
        "Files cannot be sent in this conversation. On the appliance,"
        " `voxnix exec dev -- cat report.pdf > report.pdf` copies one out."
    ),
    "secrets": (
        "I take no secrets in a conversation: what is said here is kept. On the appliance,"
        " `voxnix secrets give tailscale.auth-key` asks for one, and `voxnix secrets list` names them all."
    ),
}
BY_NAME = {
    "destroy_container": "I destroy containers only by their names: say `destroy dev`. I changed nothing.",
    "update_container": (
        "I update containers by their names: say `update dev`. All at once is `voxnix upgrade --all`, on the"
        " appliance. I changed nothing."
    ),
}
HOW = {
    "create_container": "Say `create a container called dev with git and fish`; `modules` lists them.",
    "start_container": "Say `start dev`, with the name of your container.",
    "stop_container": "Say `stop dev`. Its files stay, and `start dev` brings it back.",
    "restart_container": "Say `restart dev`. Its files stay.",
    "destroy_container": (
        "Say `destroy dev`. I then show what would be lost, in numbers, and nothing goes before you agree."
        " I changed nothing now."
    ),
    "run_in_container": "Say `run git --version in dev`. Pipes and variables work too.",
    "send_file": "Say `send me report.pdf from dev`, with its path from /workspace on, or its whole path.",
    "container_logs": "Say `logs of dev`, or `show me the last 20 lines of dev's log`.",
    "container_status": "Say `status of dev`.",
    "update_container": "Say `add rust to dev` or `remove rust from dev`; `update dev` makes it anew.",
    "roll_back_container": "Say `roll back dev`.",
    "list_containers": "Say `list my containers`.",
    "list_modules": "Say `what modules are there`, or `tell me about the fish module`.",
}
WHICH = {
    "create_container": "What should it be called? Answer with a name, such as `dev`.",
    "start_container": "Which container shall I start?",
    "stop_container": "Which container shall I stop?",
    "restart_container": "Which container shall I restart?",
    "destroy_container": "Which container shall go? I then show what would be lost, and ask you.",
    "run_in_container": "In which container shall I run that?",
    "send_file": "From which container? Answer with its name, or say `send me report.pdf from dev`.",
    "container_logs": "The log of which container?",
    "container_status": "Which container do you mean?",
    "update_container": "Which container shall I change?",
    "roll_back_container": "Which container shall I roll back?",
}
_DOING = {
    OperationKind.CREATE: ("Creating", "created"),
    OperationKind.START: ("Starting", "started"),
    OperationKind.STOP: ("Stopping", "stopped"),
    OperationKind.RESTART: ("Restarting", "restarted"),
    OperationKind.DESTROY: ("Destroying", "destroyed"),
    OperationKind.UPDATE: ("Updating", "updated"),
    OperationKind.ROLLBACK: ("Rolling back", "rolled back"),
    OperationKind.BUILD: ("Building", "built"),
    OperationKind.PRUNE: ("Pruning", "pruned"),
}
MADE = (OperationKind.CREATE, OperationKind.UPDATE, OperationKind.ROLLBACK)
"""After these it is worth saying what a container is made of."""
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def report(views: Sequence[View]) -> str:
    """What several tools answered, in the order of the calls, in one reply."""
    return "\n\n".join(map(said, views))


def said(view: View) -> str:  # noqa: C901, PLR0911 - one per kind of view
    """What one tool answered."""
    match view:
        case ProblemView():
            return _problem(view)
        case ChangeView():
            return _change(view)
        case WorkloadsView():
            return _workloads(view)
        case StatusView():
            return _status(view)
        case LogsView():
            return _logs(view)
        case ExecutedView():
            return _executed(view)
        case FileView():
            return f"Here is {code(view.path)} from {code(view.name)} ({size(view.size)})."
        case ModulesView():
            return _modules(view)
        case ModuleView():
            return _module(view)
        case PreferencesView():
            return _preferences(view)


def spoken(meaning: Say | Lost, modules: Sequence[str]) -> str:
    """What there is to say where no tool is called."""
    if isinstance(meaning, Lost):
        perhaps = f" Did you mean {code(meaning.suggestion)}?" if meaning.suggestion else ""
        return f"I did not understand that.{perhaps} Here is what I can do:\n\n{HELP}"
    if meaning.topic == "how":
        return HOW[meaning.about]
    if meaning.topic == "by name":
        return BY_NAME[meaning.about]
    if meaning.topic == "no module":
        return f"There is no module called {code(meaning.about[:40])}. The modules are: {_and(modules)}."
    return SAID[meaning.topic]


def code(text: str) -> str:
    """Text as inline code, whatever backticks it holds."""
    longest = _ticks(text)
    if not longest:
        return f"`{text}`"
    mark = "`" * (longest + 1)
    return f"{mark} {text} {mark}"


def block(text: str) -> str:
    """Text as a code block, whatever it holds."""
    mark = "`" * max(3, _ticks(text) + 1)
    return f"{mark}\n{text.rstrip(chr(10))}\n{mark}"


def size(amount: int) -> str:
    """Bytes for people: ``1.5 GiB``."""
    value, unit = float(amount), 0
    while value >= 1024 and unit < len(_UNITS) - 1:  # noqa: PLR2004 - the step of binary units
        value, unit = value / 1024, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 or value.is_integer() else f"{value:.1f} {_UNITS[unit]}"


def _ticks(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest


def _and(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def _when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{seconds:.1f} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"  # noqa: PLR2004 - a minute


def _is(container: WorkloadView) -> str:
    at = f" at {code(container.addresses[0])}" if container.addresses else ""
    known = "in an unknown state" if container.state is WorkloadState.UNKNOWN else container.state.value
    return f"{known}{at}"


def _problem(view: ProblemView) -> str:
    return " ".join(part for part in (view.what, view.why, view.hint) if part)


def _change(view: ChangeView) -> str:
    number = f"(operation {view.operation})"
    doing, done = _DOING[view.action]
    match view.state:
        case OperationState.DONE:
            return _done(view)
        case OperationState.FAILED:
            problem = _problem(view.problem) if view.problem else "The cause is not known."
            return f"**{view.name}** was not {done}. {problem} {number}"
        case OperationState.PROPOSED:
            return _proposed(view, number)
        case OperationState.DENIED | OperationState.CANCELLED:
            return f"**{view.name}** was not {done}: that was {view.state.value}. {number}"
        case OperationState.QUEUED:
            return f"{doing} **{view.name}** waits for its turn; `status {view.name}` tells more. {number}"
        case OperationState.RUNNING:
            step = f": step {view.step} of {view.steps}" if view.steps else ""
            label = f", {view.doing}" if view.doing else ""
            return (
                f"{doing} **{view.name}**{step}{label}. It goes on by itself;"
                f" `status {view.name}` tells how far it is. {number}"
            )


def _done(view: ChangeView) -> str:
    took = f" It took {_duration(view.seconds)}." if view.seconds is not None else ""
    container = view.container
    if view.action is OperationKind.DESTROY:
        return f"**{view.name}** is destroyed.{took}"
    if container is None:
        return f"**{view.name}** was {_DOING[view.action][1]}.{took}"
    made = f", with {_and(container.modules)}" if view.action in MADE and container.modules else ""
    first = f"**{view.name}** is {_is(container)}{made}.{took}"
    if view.action is OperationKind.STOP:
        return f"{first} Its files are kept.\n\nNext: `start {view.name}`, `destroy {view.name}`."
    if view.action is OperationKind.CREATE:
        command = "git --version" if "git" in container.modules else "uname -a"
        return f"{first}\n\nNext: `run {command} in {view.name}`, `status {view.name}`, `stop {view.name}`."
    return first


def _proposed(view: ChangeView, number: str) -> str:
    # What would be lost is shown by the channel, where it is asked: it must be what the answer is bound to.
    agree = f"to {view.action.value} **{view.name}** is for you to agree to."
    return f"Nothing has happened yet: {agree} {number}"


def _workloads(view: WorkloadsView) -> str:
    if not view.containers:
        return (
            "You have no containers yet. Say, for example, `create a container called dev with git and fish`."
        )
    many = f"{len(view.containers)} containers" if len(view.containers) > 1 else "one container"
    lines = [f"- **{one.name}**: {_is(one)}{_made_of(one)}" for one in view.containers]
    return f"You have {many}:\n\n" + "\n".join(lines)


def _made_of(container: WorkloadView) -> str:
    return f", with {_and(container.modules)}" if container.modules else ""


def _status(view: StatusView) -> str:
    container = view.container
    lines = [f"- modules: {_and(container.modules) or 'none'}"]
    lines += [
        f"- option {code(f'{module}.{name}')}: {code(shown(value))}"
        for module, given in sorted(container.options.items())
        for name, value in sorted(given.items())
    ]
    if len(container.addresses) > 1:
        lines.append(f"- addresses: {', '.join(map(code, container.addresses))}")
    lines += [
        f"- {label}: {_usage(usage)}"
        for label, usage in (("root", view.root), ("/workspace", view.workspace), ("together", view.whole))
    ]
    lines.append(f"- created: {_when(container.created_at)}")
    lines.append(f"- last seen: {_when(container.observed_at)}; its machine: {_when(view.node_seen_at)}")
    change = view.last_change
    if change:
        why = f": {_problem(change.problem)}" if change.problem else ""
        what = f"{change.action.value}, {change.state.value}{why}"
        lines.append(f"- last change: {what} (operation {change.operation})")
    return f"**{container.name}** is {_is(container)}.\n\n" + "\n".join(lines)


def _usage(usage: Usage | None) -> str:
    if usage is None:
        return "could not be read"
    limit = f" of {size(usage.quota)}" if usage.quota else ""
    shots = f", {usage.snapshots} snapshot{'s' * (usage.snapshots != 1)}" if usage.snapshots else ""
    return f"{size(usage.used)} used{limit}{shots}"


def _logs(view: LogsView) -> str:
    if not view.lines:
        return f"The log of **{view.name}** is empty."
    lines = "line" if len(view.lines) == 1 else f"{len(view.lines)} lines"
    return f"The last {lines} of **{view.name}**'s log:\n\n{block(chr(10).join(view.lines))}"


def _executed(view: ExecutedView) -> str:
    shown = code(view.command) if "\n" not in view.command else "That"
    parts = [f"{shown} in **{view.name}**" + (":" if view.stdout or view.stderr else " printed nothing.")]
    if view.stdout:
        parts.append(block(view.stdout))
    if view.stderr:
        parts.append(("On the side it said:\n\n" if view.stdout else "") + block(view.stderr))
    if view.returncode:
        parts.append(f"It ended with exit code {view.returncode}.")
    return "\n\n".join(parts)


def _modules(view: ModulesView) -> str:
    if not view.modules:
        return "There are no modules."
    lines = "\n".join(f"- **{module.name}**: {module.summary}" for module in view.modules)
    example = code(view.modules[0].example)
    return f"A container can be made of these modules:\n\n{lines}\n\nFor example: {example}"


def _module(view: ModuleView) -> str:
    lines = [
        f"- {code(name)}: {option.description} It accepts {option.accepted}; by default"
        f" {code(shown(option.default))}."
        for name, option in view.options.items()
    ]
    lines += [f"- port {port}" for port in view.ports]
    lines += [f"- secret {code(name)}: {description}" for name, description in view.secrets.items()]
    lines += [f"- needs {_and(view.requires)}"] if view.requires else []
    lines += [f"- does not go together with {_and(view.conflicts)}"] if view.conflicts else []
    more = "\n\n" + "\n".join(lines) if lines else ""
    return f"**{view.name}**: {view.summary}. {view.description}{more}\n\nFor example: {code(view.example)}"


def _preferences(view: PreferencesView) -> str:
    about = {NoticeKind.CRASHED: "crashes", NoticeKind.QUOTA: "quotas"}
    told = f"about {_and([about[kind] for kind in view.told])}" if view.told else "nothing"
    when = f", but not from {view.quiet_from} to {view.quiet_to}" if view.quiet_from and view.told else ""
    back = [f"`/unmute {kind}`" for kind in view.muted]
    more = f" For the rest again: {_and(back)}." if back else ""
    return f"Unasked I tell you {told}{when}.{more}"


def shown(value: object) -> str:
    """A value as JSON."""
    return json.dumps(value, ensure_ascii=False)
