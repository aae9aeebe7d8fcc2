"""Who may speak: codes, roles, and who has which."""

from collections.abc import Sequence

from agent.channels.telegram.formatting import escaped
from agent.core.account import Account, Pairing, Role
from agent.services.access import CODE_LIFE
from agent.texts import Texts


def role(say: Texts, named: Role) -> str:
    """What a role is called."""
    match named:
        case Role.VIEWER:
            return say("Viewer")
        case Role.OPERATOR:
            return say("Operator")
        case Role.ADMIN:
            return say("Admin")


def means(say: Texts, named: Role) -> str:
    """What somebody in a role may do, in one sentence."""
    match named:
        case Role.VIEWER:
            return say("You may look at containers and their logs.")
        case Role.OPERATOR:
            return say("You may have containers of your own, and do with them what you like.")
        case Role.ADMIN:
            return say("You may do everything, and say who else may use this server.")


def pairing_code(say: Texts, code: str) -> str:
    """To somebody unknown: all that they ever get."""
    return say(
        "Hello! I look after containers for people I know, and I do not know you yet.\n\n"
        "Tell the admin of this server this code: `{code}`\n\n"
        "It works for {span}. As soon as you are let in, I write to you here.",
        code=code,
        span=say.span(CODE_LIFE),
    )


def somebody_knocks(say: Texts, name: str, account: str, code: str) -> str:
    """To an admin, above buttons with the roles: somebody unknown asks to be let in."""
    return say(
        "🔑 **{name}** ({account}) asks to use this server, with the code `{code}`.\n\n"
        "Let them in only if they told you this code themselves. As what?",
        name=escaped(name),
        account=escaped(account),
        code=code,
    )


def let_in(say: Texts, name: str, as_what: Role) -> str:
    """To the admin who let somebody in."""
    return say("✅ **{name}** is let in, as {role}.", name=escaped(name), role=role(say, as_what))


def welcome(say: Texts, as_what: Role) -> str:
    """To who was let in, or has another role now."""
    head = say("🎉 You are let in, as **{role}**.", role=role(say, as_what))
    return f"{head} {means(say, as_what)}\n\n{say('Say in your own words what you want, or send /help.')}"


def greeting(say: Texts, name: str) -> str:
    """To somebody known who opens the chat."""
    head = say("Hello {name}! I look after your containers.", name=escaped(name))
    return f"{head} {say('Say in your own words what you want, or send /help.')}"


def revoked(say: Texts) -> str:
    """To somebody whose role was taken."""
    return say(
        "An admin has taken your role, so I do nothing for you any more. What is yours is still there.\n\n"
        "If that was a mistake, ask the admin."
    )


def access(say: Texts, accounts: Sequence[Account], pairings: Sequence[Pairing]) -> str:
    """To an admin: who is let in, who waits, and how that is changed."""
    lines = [say("**Who may use this server**")]
    lines += [f"- **{escaped(one.name)}** ({escaped(one.key)}): {_standing(say, one)}" for one in accounts]
    if not accounts:
        lines.append(say("Nobody yet."))
    if pairings:
        lines += ["", say("**Who waits to be let in**")]
        lines += [f"- **{escaped(one.name)}** ({escaped(one.account)}): `{one.code}`" for one in pairings]
    lines += [
        "",
        "`/access approve CODE operator`",
        "`/access role tg:5 viewer`",
        "`/access revoke tg:5`",
        say("In a group: `/access share` lets it have containers of its own."),
    ]
    return "\n".join(lines)


def _standing(say: Texts, one: Account) -> str:
    """What an account may."""
    if one.role is not None:
        return role(say, one.role)
    return say("group with containers of its own") if one.shared else say("nothing")
