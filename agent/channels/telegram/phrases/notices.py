"""What is told without having been asked, and when it is not."""

from agent.channels.telegram.phrases.changes import label
from agent.core.notice import Notice, NoticeKind
from agent.core.preference import Preference
from agent.texts import LANGUAGES, Texts


def kind_name(say: Texts, kind: NoticeKind) -> str:
    """What a kind of message is about."""
    match kind:
        case NoticeKind.CRASHED:
            return say("a container has crashed")
        case NoticeKind.QUOTA:
            return say("a container's space is nearly full")


def notice(say: Texts, told: Notice) -> str:
    """What happened, in numbers."""
    match told.kind:
        case NoticeKind.CRASHED:
            return _crashed(say, told)
        case NoticeKind.QUOTA:
            return _quota(say, told)


def _crashed(say: Texts, told: Notice) -> str:
    if told.values.get("result") == "reboot":
        return say(
            "🔌 **{name} does not run**: the machine was restarted, and it could not be started again.",
            name=told.workload,
        )
    head = say("💥 **{name} has crashed**, without having been asked to stop.", name=told.workload)
    status = told.values.get("status", "")
    match told.values.get("result"):
        case "exit-code":
            why = say("It ended with exit code {status}.", status=status)
        case "signal" | "core-dump":
            why = say("It was ended by signal {status}.", status=status)
        case "oom-kill":
            why = say("It needed more memory than it may have.")
        case "timeout" | "watchdog":
            why = say("It did not answer in time.")
        case _:
            return head
    return f"{head}\n{why}"


def _quota(say: Texts, told: Notice) -> str:
    used, quota = int(told.values["used"]), int(told.values["quota"])
    values = {
        "name": told.workload,
        "share": say.number(100 * used // max(quota, 1)),
        "used": say.size(used),
        "quota": say.size(quota),
    }
    if told.values["part"] == "owner":
        head = say("💾 **You have {used} of {quota}** ({share}%), the trash counted in.", **values)
        why = say("{name} takes most. When all is taken, no container of yours can write anything.", **values)
        return f"{head}\n{why}"
    head = say("💾 **{name} is {share}% full**: {used} of {quota}, its snapshots counted in.", **values)
    return f"{head}\n{say('When it is full, programs in it can write nothing more.')}"


def notice_offers(say: Texts, told: Notice) -> list[tuple[str, str]]:
    """What can be done about it: what is on each button, and what a tap on it says."""
    return [
        (label(say, command), f"/{command} {told.workload}")
        for command in (action.value for action in told.kind.actions)
    ]


def quiet_set(say: Texts, begin: str, end: str) -> str:
    """Quiet hours were set."""
    return say(
        "🌙 Between {begin} and {end} I only answer. What happens meanwhile I tell you afterwards.",
        begin=begin,
        end=end,
    )


def quiet_off(say: Texts) -> str:
    """There are no quiet hours."""
    return say("🔔 No quiet hours: what happens I tell you at once.")


def settings(say: Texts, preference: Preference) -> str:
    """What somebody prefers, and how they change it."""
    quiet = (
        quiet_set(say, preference.quiet_from, preference.quiet_to)
        if preference.quiet_from
        else quiet_off(say)
    )
    heard_of = [kind for kind in NoticeKind if kind not in preference.muted]
    lines = [
        say("🗣 I write in {language}.", language=LANGUAGES[say.language]) + " `/language de`",
        quiet,
        "`/quiet 22:00 7:00`, `/quiet off`",
        "",
        say("I tell you by myself when:") if heard_of else say("I tell you nothing by myself."),
        *(f"- {kind_name(say, kind)}: `/mute {kind.value}`" for kind in heard_of),
    ]
    if preference.muted:
        lines += [
            say("I do not tell you when:"),
            *(f"- {kind_name(say, kind)}: `/unmute {kind.value}`" for kind in sorted(preference.muted)),
        ]
    return "\n".join(lines)
