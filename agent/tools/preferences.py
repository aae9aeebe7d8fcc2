"""The tools for what a person prefers: when they are told what, unasked."""

from pydantic_ai import FunctionToolset

from agent.core.account import Role
from agent.tools.calling import READ, Context, answer
from agent.tools.deps import Deps
from agent.tools.preferences_view import PreferencesView
from agent.tools.views import ProblemView


def _changed(deps: Deps) -> str:
    """Whose preferences are changed. What a group is told is not a viewer's to say."""
    needed = Role.OPERATOR if deps.request.by else Role.VIEWER
    deps.services.access.authorise(deps.owner.key, deps.request.by, needed)
    return deps.owner.key


preferences = FunctionToolset[Deps](id="preferences", require_parameter_descriptions=True)


@preferences.tool(timeout=READ)
def show_preferences(ctx: Context) -> PreferencesView | ProblemView:
    """Show a person's quiet hours, and which messages they do not get.

    Args:
        ctx: who asks.
    """
    return answer(
        ctx,
        "show_preferences",
        {},
        lambda deps: PreferencesView.of(deps.services.preferences.of(deps.owner.key)),
    )


@preferences.tool(timeout=READ, sequential=True)
def set_quiet_hours(ctx: Context, begin: str, end: str) -> PreferencesView | ProblemView:
    """Set the hours in which a person is told nothing that they did not ask for; it waits until afterwards.

    Args:
        ctx: who asks.
        begin: a time of day, such as 22:00; empty, like end, for no quiet hours.
        end: a time of day, such as 07:00; it may be past midnight.
    """
    return answer(
        ctx,
        "set_quiet_hours",
        {"begin": begin, "end": end},
        lambda deps: PreferencesView.of(deps.services.preferences.set_quiet(_changed(deps), begin, end)),
    )


@preferences.tool(timeout=READ, sequential=True)
def mute_messages(ctx: Context, kind: str) -> PreferencesView | ProblemView:
    """Stop telling a person about one kind of event.

    Args:
        ctx: who asks.
        kind: crashed (a container crashed) or quota (a file system is nearly full).
    """
    return answer(
        ctx,
        "mute_messages",
        {"kind": kind},
        lambda deps: PreferencesView.of(deps.services.preferences.mute(_changed(deps), kind)),
    )


@preferences.tool(timeout=READ, sequential=True)
def unmute_messages(ctx: Context, kind: str) -> PreferencesView | ProblemView:
    """Tell a person about one kind of event again.

    Args:
        ctx: who asks.
        kind: crashed (a container crashed) or quota (a file system is nearly full).
    """
    return answer(
        ctx,
        "unmute_messages",
        {"kind": kind},
        lambda deps: PreferencesView.of(deps.services.preferences.unmute(_changed(deps), kind)),
    )
