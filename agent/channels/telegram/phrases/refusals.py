"""What the services say when something cannot be done, recognised and said in the person's language.

Services know no language: their errors are English sentences with values in them. Those that people meet in
a chat stand here as they are made there, so that the catalogues can know them; a test holds the two together.
Any other one, such as what a program said, is shown as it is.
"""

import re
from datetime import timedelta
from functools import cache

from agent.channels.telegram.formatting import quoted
from agent.core.errors import Problem
from agent.core.printable import one_line
from agent.texts import Texts

SENTENCES = (
    # core/errors.py
    "Something went wrong inside Voxnix.",
    "The log of the worker has the details.",
    # core/conversation.py
    "There was nothing in that message.",
    "Say what you want, or ask for help.",
    "That message is too long: {size} bytes.",
    "A message may have {limit}.",
    "Shorten it, or put the text into a file in the container's /workspace.",
    "That message has a NUL character in it.",
    "Send it again as plain text.",
    "That message is not valid UTF-8.",
    # core/preference.py, services/preferences.py
    "{text} is no time of day.",
    "A time is 00:00 to 23:59, such as 22:00.",
    "Say it like that.",
    "{text} is no language.",
    "A language is two or three letters, and a region where that matters: en, de, pt-br.",
    "There are no messages about {text}.",
    "There are: {kinds}.",
    "Name one.",
    "From {begin} to {end} is no time at all.",
    "Quiet hours have a beginning and another end, such as 22:00 and 07:00.",
    "To be told nothing at any time, mute what you do not want to hear of.",
    # services/access.py
    "A group cannot ask for anything.",
    "A person does.",
    "Ask from your own account.",
    "I do not know you yet.",
    "Only people whom an admin has let in may use this server.",
    "Write to the bot in a private chat for a code, and ask an admin to accept it.",
    "You may not use this server any more.",
    "An admin has taken your role.",
    "Ask an admin to give you one again.",
    "You may not do this.",
    "Your role is {role}, and this takes the role {needed}.",
    "Ask an admin for that role.",
    "{key} is the last admin.",
    "Without one, nobody could let people in from a chat.",
    "Make somebody else an admin first, or use `voxnix access` on the server itself.",
    "It is somebody else's.",
    "Ask them.",
    "This group has no containers of its own.",
    "An admin has not said that it may have some.",
    "Ask for one of yours, or ask an admin to let the group share containers.",
    "Only a person can be let in.",
    "Write to the bot in a private chat, from your own account.",
    "Nobody is known as {key}.",
    "A role is given to who was let in before, and to people only.",
    "Look at `voxnix access list`; who is not in it writes to the bot for a code.",
    "You are let in already.",
    "Just say what you want.",
    "Nobody waits with the code {code}.",
    "It is mistyped, used already, or older than an hour.",
    "Look at `voxnix access list`, or have them write to the bot again for a new one.",
    "{key} is no group.",
    "A group is tg: and its number, which begins with a minus.",
    "Such as: voxnix access share tg:-1001234567890",
    "You cannot be given a code now.",
    "{number} people wait to be let in already.",
    "Try again in an hour, or tell an admin.",
    # services/budget.py
    "Your budget for the language model is used up for today.",
    "It is {limit} a day. There is a new one at 00:00 UTC, in {hours} h {minutes} min.",
    "Until then the phrasebook answers: plain phrases, and commands such as /list, cost nothing.",
    # services/chats.py
    "That button is too old.",
    "Ask again, and you get a new one.",
    "That button is for somebody else.",
    "That was answered already.",
    # services/operations.py, services/workloads.py, services/changes/, store/
    "{kind} {name} was cancelled.",
    "What it had made or changed until then was taken back.",
    "Nobody agreed to {kind} {name} in time, so nothing was changed.",
    "Things may not be any more as they were shown.",
    "Ask for it again.",
    "You have no operation {number}.",
    "Ask for your operations.",
    "What would be lost has changed since it was shown.",
    "Look at it again.",
    "Operation {number} waits, but nothing runs operations on {node}.",
    "Its worker was never heard of.",
    "Its worker was last heard of at {time} UTC.",
    "Start it with `systemctl start voxnix-worker`, or run `voxnix worker`. Nothing is lost.",
    "You have no container called {name}.",
    "You have: {names}.",
    "You have none yet.",
    "You have a container called {name} already.",
    "Choose another name, or destroy that one first.",
    "{name} is not running.",
    "It is {state}.",
    "Start {name} first.",
    "{name} did not come up.",
    "{name} did not stop.",
    "Look at the logs of {name}.",
    "Try again.",
    "{name} was never updated.",
    "So there is nothing that it could be rolled back to.",
    "{name} was rolled back already.",
    "{name} is called so already.",
    # services/trash.py
    "Nothing called {name} is in your trash.",
    "There is: {names}.",
    "It is empty. What was destroyed is kept for {days} days.",
    "Nothing with the number {number} is in your trash.",
    "It was brought back already, or is gone for good.",
    "Ask what is in the trash.",
    "A container called {name} is being made.",
    "Choose another name.",
    # services/undo.py
    "There is nothing that could be undone.",
    "What was done last is undone already, or took nothing that could be given back.",
    "Ask for your operations, your snapshots, or what is in the trash.",
    # services/storage.py, core/storage.py, core/size.py
    "{name} has no snapshot of {when}.",
    "It has none at all.",
    "The oldest is {oldest}, the newest {newest}.",
    "Say latest, yesterday, 3 days ago, a day such as 2026-11-20, or what it is called.",
    "A snapshot cannot be called {label}.",
    "That would be taken for a time, or for the number of an operation.",
    "Choose another.",
    "{label} cannot be what a snapshot is called.",
    "It is 1 to 40 lower-case letters, digits and hyphens, with no hyphen at either end.",
    "{count} snapshots cannot be kept.",
    "It is 0 to {count}.",
    "{name} is still being made.",
    "Ask again once it runs.",
    "{text} is no size.",
    "A size is a whole number with K, M, G or T.",
    "Such as: 20G",
    # services/preflight.py
    "{name} takes {used}, so it cannot be held to {size}.",
    "{name} takes {used} of the {quota} that it may take.",
    "You have {used} of the {quota} that you may have.",
    "Remove something in {name}, forget snapshots of it, or let it take more.",
)
"""English, each with names for the values in it."""

LONGEST_TAP = 200
"""Characters of an answer to a tap, which Telegram shows over the chat."""

_VALUE = re.compile(r"\\\{(\w+)\\\}")
_DAYS = re.compile(r"([0-9]+) days?")


@cache
def _patterns(sentences: tuple[str, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each sentence with what recognises it, the ones with the most words of their own first."""
    ordered = sorted(sentences, key=lambda sentence: len(re.sub(r"\{\w+\}", "", sentence)), reverse=True)
    return tuple((one, re.compile(_VALUE.sub(r"(?P<\1>.+)", re.escape(one)))) for one in ordered)


def known(say: Texts, sentence: str, among: tuple[str, ...]) -> str:
    """A sentence of a service in the person's language; one that is not known as it is.

    Args:
        say: the person's texts.
        sentence: in English, with values in it.
        among: those that can be translated.
    """
    for one, pattern in _patterns(among):
        if found := pattern.fullmatch(sentence):
            return say.known(
                one, **{name: _value(say, name, text) for name, text in found.groupdict().items()}
            )
    return sentence


def _value(say: Texts, name: str, text: str) -> str:
    """A value as it is, but for a length of time, which has words of its own in each language."""
    days = _DAYS.fullmatch(text) if name == "span" else None
    return say.span(timedelta(days=int(days[1]))) if days else text


def translated(say: Texts, sentence: str) -> str:
    """What a service refuses, in the person's language."""
    return known(say, sentence, SENTENCES)


def refusal(say: Texts, problem: Problem) -> str:
    """An error in Markdown: what happened, why, what to do next."""
    what, why, hint = (quoted(translated(say, one)) for one in (problem.what, problem.why, problem.hint))
    return "\n".join(line for line in (f"**{what}**", why, f"→ {hint}" if hint else "") if line)


def tap_refusal(say: Texts, problem: Problem) -> str:
    """An error that a tap led to: plain, and short enough to be shown over the chat."""
    said = (translated(say, one) for one in (problem.what, problem.why, problem.hint))
    return one_line(" ".join(said).replace("`", ""), LONGEST_TAP)
