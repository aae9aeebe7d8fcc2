"""The conversation itself: help, voice, files, and what keeps an answer from being as good as usual."""

from datetime import timedelta

from agent.channels.telegram.formatting import escaped
from agent.channels.telegram.menus import allowed
from agent.core.account import Role
from agent.texts import Texts

LONGEST_ECHO = 1000
"""Characters of a voice message that are shown."""


def help_text(say: Texts, role: Role) -> str:
    """What somebody can say, and the commands of their role."""
    examples = [say("list my containers"), say("show me the last 20 log lines of dev")]
    if role.includes(Role.OPERATOR):
        examples = [
            say("create a container called dev with git and fish"),
            *examples,
            say("run git --version in dev"),
            say("add rust to dev"),
            say("send me report.pdf from dev"),
            say("bring back the file notes.txt from monday"),
            say("what is eating my disk?"),
            say("destroy dev"),
            say("undo that"),
        ]
    lines = [
        say("I look after your containers. Say in your own words what you want, written or spoken:"),
        *(f"- {example}" for example in examples),
        "",
    ]
    if role.includes(Role.OPERATOR):
        lines += [
            say("A file that you send me goes into a container. Before anything is lost, I ask you."),
            "",
        ]
    lines += [
        say("These work, too:"),
        *(f"- {escaped('/' + one.name)} · {escaped(one.about)}" for one in allowed(say, role)),
    ]
    return "\n".join(lines)


def late(say: Texts, age: timedelta) -> str:
    """Before the answer to a message that waited while the bot was away."""
    return say(
        "_You wrote this {ago}, and I could not read it before. Here is the answer:_", ago=say.away(-age)
    )


def heard(say: Texts, words: str) -> str:
    """The words of a voice message, before anything is done."""
    shown = words if len(words) <= LONGEST_ECHO else f"{words[:LONGEST_ECHO]}…"
    return say("🎤 I heard: _{words}_", words=escaped(shown))


def file_saved(say: Texts, path: str, container: str, size: int) -> str:
    """A file of the person's lies in a container."""
    # As code: Telegram would take a path for a command.
    shown = path.replace("`", "'")
    return say("📎 Saved in {name}: `{path}` ({size})", name=container, path=shown, size=say.size(size))


def too_large(say: Texts, size: int, limit: int) -> str:
    """To a file that cannot be taken."""
    return say(
        "That file has {size}, and Telegram lets me take {limit} at most. Nothing was saved.\n\n"
        "Let the container fetch it from somewhere, or send it in parts.",
        size=say.size(size),
        limit=say.size(limit),
    )
