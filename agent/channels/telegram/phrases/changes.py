"""Changes: what is asked before them, how far they are, how they ended, and what buttons do about it."""

from datetime import timedelta

from agent.channels.telegram.phrases.kinds import doing, done
from agent.channels.telegram.phrases.refusals import refusal
from agent.channels.telegram.phrases.steps import step_label
from agent.core.operation import Operation, OperationState
from agent.texts import Texts

BAR = 10
"""Pieces of a bar."""


def progress(say: Texts, operation: Operation) -> str:
    """How far an operation is that has not ended."""
    head = f"⏳ **{doing(say, operation)}**"
    if operation.cancelled_by:
        return f"{head}\n{say('is being cancelled, and what it made is taken away')}"
    if operation.state is not OperationState.RUNNING or not operation.step:
        return f"{head}\n{say('waits until it can begin')}"
    told = operation.progress
    step = say("step {step} of {steps}", step=operation.step, steps=operation.steps)
    parts = [step_label(say, told.label)] if told.label else []
    if told.total:
        parts.append(say("{done} of {total}", done=say.number(told.done), total=say.number(told.total)))
    return "\n".join([head, f"{_bar(operation)} {step}", *([" · ".join(parts)] if parts else [])])


def _bar(operation: Operation) -> str:
    """The steps behind it, and the counted part of the one that runs."""
    told = operation.progress
    part = min(told.done / told.total, 1) if told.total else 0
    filled = int(BAR * (operation.step - 1 + part) / max(operation.steps, 1))
    return "▓" * filled + "░" * (BAR - filled)


def result(say: Texts, operation: Operation, kept: timedelta | None = None) -> str:
    """How an operation ended.

    Args:
        say: the person's texts.
        operation: that has ended.
        kept: for how long what it destroyed can be brought back.
    """
    what = doing(say, operation)
    match operation.state:
        case OperationState.DONE:
            more = (
                say("It is in the trash, and can be brought back for {span}.", span=say.span(kept))
                if kept
                else ""
            )
            return f"✅ {done(say, operation)} {more}".strip()
        case OperationState.FAILED:
            head = say("❌ That did not work: {what}", what=what)
            return f"{head}\n\n{refusal(say, operation.problem)}" if operation.problem else head
        case OperationState.DENIED:
            return say("🚫 Nothing was changed, because somebody said no: {what}", what=what)
        case _ if operation.cancelled_by:
            return say("🚫 Cancelled, and taken back: {what}", what=what)
        case _ if operation.problem:
            return say("🚫 Nobody agreed in time, so nothing was changed: {what}", what=what)
        case _:
            return say("🚫 Withdrawn before it began: {what}", what=what)


def goes_on(say: Texts, operation: Operation) -> str:
    """To who wants everything to end, of an operation: it ends, too, or goes on until that is said of it."""
    what = doing(say, operation)
    if operation.state.ended:
        return result(say, operation)
    if operation.cancelled_by:
        return say("This is being cancelled, and what it made is taken away: {what}", what=what)
    return say("This goes on. {command} ends it: {what}", command=f"/cancel {operation.id}", what=what)


def label(say: Texts, command: str) -> str:  # noqa: PLR0911 - one per command
    """On the button that says a command."""
    match command:
        case "logs":
            return say("Logs")
        case "status":
            return say("Status")
        case "start":
            return say("Start")
        case "stop":
            return say("Stop")
        case "restart":
            return say("Restart")
        case "rollback":
            return say("Roll back")
        case "restore":
            return say("Undo")
        case other:
            return other.capitalize()
