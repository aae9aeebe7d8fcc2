"""Plans: what a person is asked to agree to, and what would be lost, said in their language.

Services make the plans, in English, and an approval is bound to exactly that. The same is shown, sentence by
sentence: those that stand here are translated, and any other one is shown as it is.
"""

import re
from datetime import UTC, datetime

from agent.channels.telegram.formatting import escaped, quoted
from agent.channels.telegram.phrases.refusals import known
from agent.core.operation import Loss, Operation, OperationKind, Plan
from agent.texts import Texts

PLANS = (
    # destroy
    "Destroy {name} with everything in it, /workspace included.",
    "It goes to the trash: for {span} it can be restored, and counts to your quota.",
    # rollback
    "Make {name} of what it was made of before its last update: {modules}.",
    "What was changed outside of /workspace since is put aside until its next update.",
    # resize
    "Let {name} take {size} at most, rather than {before}.",
    "It takes about {used} now.",
    # restore, over what is there
    "Bring {name} back that was destroyed on {moment}, in the place of {live}.",
    "What {live} is now goes to the trash: for {span} it can be restored, and counts to your quota.",
    # purge
    "Remove {name}, destroyed on {moment}, from the trash for good.",
    # forget
    "Forget the snapshot {snapshot} of {name}, with what only it still holds.",
    # revert
    "Take {name} back to {snapshot}.",
    "Only /workspace, as its modules were changed since.",
    "What changed outside of /workspace since then goes, too.",
    "As it is now it is kept in the trash, newer snapshots included.",
    # restore file
    "Overwrite {path} of {name} with what it was at {snapshot}.",
    "A snapshot is taken before.",
)
"""English, as services say it, each with names for the values in it."""

_BETWEEN = re.compile(r"(?<=\.)\s+(?=[A-Z])")


def plan(say: Texts, operation: Operation) -> str:
    """The question before something that takes something away: what would be lost, in numbers."""
    losses = operation.plan.losses if operation.plan else ()
    lines = [f"⚠️ **{_question(say, operation.plan)}**"] if operation.plan else []
    if losses:
        lines += ["", say("This would be lost:"), *(f"- {_loss(say, loss)}" for loss in losses)]
    return "\n".join([*lines, "", say("Nothing happens before you agree.")])


def _question(say: Texts, asked: Plan) -> str:
    return " ".join(quoted(known(say, one, PLANS)) for one in _BETWEEN.split(asked.summary))


def _loss(say: Texts, loss: Loss) -> str:
    if loss.unit == "moment":
        return say("last changed: **{ago}**", ago=say.away(loss.at - datetime.now(UTC)))
    amount = say.size(loss.amount) if loss.unit == "bytes" else say.number(loss.amount)
    names = {
        "workspace": say("files in `/workspace`"),
        "root": say("the system and what was installed in it"),
        "snapshots": say("snapshots"),
        "snapshot": say("what only this snapshot still holds"),
        "changed files": say("files that have changed since"),
        "newer snapshots": say("newer snapshots"),
        "modules": say("modules"),
        "room": say("room that it may take now"),
        "overwritten": say("what is in its place now"),
    }
    return f"{names.get(loss.what) or escaped(loss.what)}: **{amount}**"


def agree(say: Texts, operation: Operation) -> str:
    """On the button that agrees to a plan."""
    match operation.kind:
        case OperationKind.DESTROY:
            return say("Yes, destroy {name}", name=operation.workload)
        case OperationKind.PURGE:
            return say("Yes, for good")
        case OperationKind.REVERT:
            return say("Yes, take it back")
        case OperationKind.RESTORE_FILE:
            return say("Yes, overwrite it")
        case OperationKind.FORGET:
            return say("Yes, forget it")
        case _:
            return say("Yes, do it")
