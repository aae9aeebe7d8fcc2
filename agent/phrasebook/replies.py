"""What tools answered -> Markdown for a person. It says what is known, what can be done next, and no more."""

from collections.abc import Sequence

from agent.core.notice import NoticeKind
from agent.core.workload import Usage
from agent.phrasebook.change_replies import cancel, change, problem, seen_as
from agent.phrasebook.meaning import Lost, Say
from agent.phrasebook.sayings import BY_NAME, HELP, HOW, SAID
from agent.phrasebook.storage_replies import difference, snapshots, trash, usage
from agent.phrasebook.wording import block, code, listed, shown, size, when
from agent.tools.preferences_view import PreferencesView
from agent.tools.views import (
    CancelView,
    ChangeView,
    DifferenceView,
    ExecutedView,
    FileView,
    LogsView,
    ModulesView,
    ModuleView,
    ProblemView,
    SnapshotsView,
    StatusView,
    TrashView,
    UsageView,
    View,
    WorkloadsView,
    WorkloadView,
)


def report(views: Sequence[View]) -> str:
    """What several tools answered, in the order of the calls, in one reply."""
    return "\n\n".join(map(said, views))


def said(view: View) -> str:  # noqa: C901, PLR0911, PLR0912 - one per kind of view
    """What one tool answered."""
    match view:
        case ProblemView():
            return problem(view)
        case ChangeView():
            return change(view)
        case CancelView():
            return cancel(view)
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
        case SnapshotsView():
            return snapshots(view)
        case DifferenceView():
            return difference(view)
        case UsageView():
            return usage(view)
        case TrashView():
            return trash(view)
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
        return f"There is no module called {code(meaning.about[:40])}. The modules are: {listed(modules)}."
    return SAID[meaning.topic]


def _workloads(view: WorkloadsView) -> str:
    if not view.containers:
        return (
            "You have no containers yet. Say, for example, `create a container called dev with git and fish`."
        )
    many = f"{len(view.containers)} containers" if len(view.containers) > 1 else "one container"
    lines = [f"- **{one.name}**: {seen_as(one)}{_made_of(one)}" for one in view.containers]
    return f"You have {many}:\n\n" + "\n".join(lines)


def _made_of(container: WorkloadView) -> str:
    return f", with {listed(container.modules)}" if container.modules else ""


def _status(view: StatusView) -> str:
    container = view.container
    lines = [f"- modules: {listed(container.modules) or 'none'}"]
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
    lines.append(f"- created: {when(container.created_at)}")
    lines.append(f"- last seen: {when(container.observed_at)}; its machine: {when(view.node_seen_at)}")
    change = view.last_change
    if change:
        why = f": {problem(change.problem)}" if change.problem else ""
        what = f"{change.action.value}, {change.state.value}{why}"
        lines.append(f"- last change: {what} (operation {change.operation})")
    return f"**{container.name}** is {seen_as(container)}.\n\n" + "\n".join(lines)


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
    command = code(view.command) if "\n" not in view.command else "That"
    parts = [f"{command} in **{view.name}**" + (":" if view.stdout or view.stderr else " printed nothing.")]
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
    lines += [f"- needs {listed(view.requires)}"] if view.requires else []
    lines += [f"- does not go together with {listed(view.conflicts)}"] if view.conflicts else []
    more = "\n\n" + "\n".join(lines) if lines else ""
    return f"**{view.name}**: {view.summary}. {view.description}{more}\n\nFor example: {code(view.example)}"


def _preferences(view: PreferencesView) -> str:
    about = {NoticeKind.CRASHED: "crashes", NoticeKind.QUOTA: "quotas"}
    told = f"about {listed([about[kind] for kind in view.told])}" if view.told else "nothing"
    when = f", but not from {view.quiet_from} to {view.quiet_to}" if view.quiet_from and view.told else ""
    back = [f"`/unmute {kind}`" for kind in view.muted]
    more = f" For the rest again: {listed(back)}." if back else ""
    return f"Unasked I tell you {told}{when}.{more}"
