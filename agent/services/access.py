"""Who may speak, and how far that goes. The database is asked every time: what was taken is gone at once."""

import logging
import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from agent.core.account import (
    CODE_ALPHABET,
    CODE_LENGTH,
    Account,
    Pairing,
    Role,
    is_group,
    is_local,
    is_person,
    typed_code,
)
from agent.core.errors import InvalidRequest, NotAllowed
from agent.core.operation import OperationState
from agent.core.printable import one_line
from agent.store.accounts import AccountStore
from agent.store.buttons import ButtonStore
from agent.store.database import Database
from agent.store.operations import OperationStore
from agent.store.pairings import PairingStore
from agent.store.workloads import WorkloadStore

log = logging.getLogger(__name__)

CODE_LIFE = timedelta(hours=1)
MAX_PAIRINGS = 100
"""Codes that may wait at the same time: whoever has many accounts cannot fill the database with them."""
MAX_NAME = 100


class Access:
    """The accounts of chats. Closed by default: who has no role may do nothing.

    ``by`` is always the key of who asks for a change: an admin's account, or an owner on the machine itself.

    Args:
        database: where they lie.
        operations: to withdraw what an account has asked for.
        workloads: to forget what was to be created.
        clock: the time in UTC.
    """

    def __init__(
        self,
        database: Database,
        operations: OperationStore,
        workloads: WorkloadStore,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._accounts = AccountStore(database)
        self._pairings = PairingStore(database)
        self._buttons = ButtonStore(database)
        self._operations = operations
        self._workloads = workloads
        self._clock = clock

    def account(self, key: str) -> Account | None:
        """An account, None where it is not known."""
        return self._accounts.find(key)

    def role(self, key: str) -> Role | None:
        """How far somebody may go; None for who may do nothing."""
        if is_local(key):
            return Role.ADMIN
        account = self._accounts.find(key) if is_person(key) else None
        return None if account is None else account.role

    def serves(self, owner: str) -> bool:
        """Whether an owner is told anything: a person with a role, or a group that may own containers."""
        if is_group(owner):
            return (group := self._accounts.find(owner)) is not None and group.shared
        return self.role(owner) is not None

    def check(self, key: str, needed: Role) -> None:
        """Let pass who has a role.

        Raises:
            NotAllowed: who has not, with what to do about it.
            InvalidName: it is nobody's key.
        """
        if not is_local(key):
            _judge(key, self._accounts.find(key), needed)

    def authorise(self, owner: str, by: str, needed: Role) -> None:
        """Let pass who may do something with an owner's containers.

        Within a transaction it stays so until its end: a role that is taken away meanwhile waits for it.

        Args:
            owner: whose they are.
            by: who speaks; empty where that is the owner.
            needed: the role that it takes.

        Raises:
            NotAllowed: with what to do about it.
            InvalidName: it is nobody's key.
        """
        speaker = by or owner
        if is_local(speaker):
            return
        _judge(speaker, self._accounts.hold(speaker), needed)
        if speaker == owner:
            return
        about = {"account": speaker, "owner": owner}
        if not is_group(owner):
            raise NotAllowed("You may not do this.", "It is somebody else's.", "Ask them.", about=about)
        group = self._accounts.hold(owner)
        if group is None or not group.shared:
            raise NotAllowed(
                "This group has no containers of its own.",
                "An admin has not said that it may have some.",
                "Ask for one of yours, or ask an admin to let the group share containers.",
                about=about,
            )

    def knock(self, key: str, name: str, chat: int) -> Pairing:
        """Give an unknown person a code to tell an admin: the same one until it expires.

        Args:
            key: of their account.
            name: what they call themselves.
            chat: where they ask.

        Raises:
            NotAllowed: they were sent away before, or too many wait already.
            InvalidRequest: they may speak already, or it is no person.
        """
        if not is_person(key):
            raise InvalidRequest(
                "Only a person can be let in.",
                hint="Write to the bot in a private chat, from your own account.",
            )
        now = self._clock()
        with self._database.write():
            if (account := self._accounts.hold(key)) is not None:
                _judge(key, account, Role.VIEWER)
                raise InvalidRequest("You are let in already.", hint="Just say what you want.")
            self._pairings.prune(now)
            # A loop: somebody else may draw the same code, and the same person may knock twice at once.
            while (known := self._pairings.of(key)) is None:
                if self._pairings.count() >= MAX_PAIRINGS:
                    raise NotAllowed(
                        "You cannot be given a code now.",
                        f"{MAX_PAIRINGS} people wait to be let in already.",
                        "Try again in an hour, or tell an admin.",
                    )
                code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
                self._pairings.add(Pairing(code, key, one_line(name, MAX_NAME), chat, now + CODE_LIFE))
        return known

    def waits(self, key: str) -> bool:
        """Whether somebody has a code that can still be used."""
        return any(pairing.account == key for pairing in self._pairings.all(self._clock()))

    def approve(self, by: str, code: str, role: Role) -> Account:
        """Let in who has a code. It can be used once.

        Nobody can guess their way in: only an admin's guesses count.

        Raises:
            NotAllowed: ``by`` is no admin.
            InvalidRequest: there is no such code, or not any more.
        """
        with self._changing(by):
            self._pairings.prune(self._clock())
            pairing = self._pairings.take(typed_code(code))
            if pairing is None:
                raise InvalidRequest(
                    f"Nobody waits with the code {one_line(code, 20)}.",
                    "It is mistyped, used already, or older than an hour.",
                    "Look at `voxnix access list`, or have them write to the bot again for a new one.",
                )
            return self._put(Account(pairing.account, pairing.name, role), by)

    def set_role(self, by: str, key: str, role: Role) -> Account:
        """Give a known person another role, or one again.

        Raises:
            NotAllowed: ``by`` is no admin, or it would take the last one away.
            InvalidRequest: nobody is known by that key.
        """
        with self._changing(by) as admins:
            account = self._person(key)
            if role is not Role.ADMIN:
                _keep_one(by, key, admins)
            changed = self._put(replace(account, role=role), by)
            if not role.includes(Role.OPERATOR):
                self._withdraw(key)
            return changed

    def revoke(self, by: str, key: str) -> Account:
        """Take somebody's role, at once: what they asked for and has not begun is withdrawn. What runs ends.

        Raises:
            NotAllowed: ``by`` is no admin, or it would take the last one away.
            InvalidRequest: nobody is known by that key.
        """
        with self._changing(by) as admins:
            account = self._person(key)
            _keep_one(by, key, admins)
            changed = self._put(replace(account, role=None), by)
            self._withdraw(key)
            self._buttons.expire(key, self._clock())
            return changed

    def share(self, by: str, key: str, *, shared: bool, name: str = "") -> Account:
        """Say whether a group may own containers, which then its people have together.

        Args:
            by: who says so.
            key: of the group.
            shared: whether it may.
            name: what it is called; empty where that stays as it is.

        Raises:
            NotAllowed: ``by`` is no admin.
            InvalidRequest: it is no group.
        """
        with self._changing(by):
            if not is_group(key):
                raise InvalidRequest(
                    f"{one_line(key, 80)} is no group.",
                    "A group is tg: and its number, which begins with a minus.",
                    "Such as: voxnix access share tg:-1001234567890",
                )
            known = self._accounts.find(key) or Account(key, key, None)
            return self._put(replace(known, name=one_line(name, MAX_NAME) or known.name, shared=shared), by)

    def accounts(self, by: str) -> list[Account]:
        """Everybody who is known, and every group.

        Raises:
            NotAllowed: ``by`` is no admin.
        """
        self.check(by, Role.ADMIN)
        return self._accounts.all()

    def admins(self) -> list[str]:
        """The accounts of all admins: who is told that somebody waits to be let in."""
        return [account.key for account in self._accounts.all() if account.role is Role.ADMIN]

    def pairings(self, by: str) -> list[Pairing]:
        """Who waits to be let in.

        Raises:
            NotAllowed: ``by`` is no admin.
        """
        self.check(by, Role.ADMIN)
        return self._pairings.all(self._clock())

    @contextmanager
    def _changing(self, by: str) -> Generator[frozenset[str]]:
        """A transaction of an admin; no other one changes anything meanwhile.

        Yields:
            The keys of all admins.
        """
        with self._database.write():
            admins = self._accounts.hold_admins()
            if by not in admins:
                self.check(by, Role.ADMIN)
            yield admins

    def _put(self, account: Account, by: str) -> Account:
        changed = self._accounts.put(account, by, self._clock())
        log.info("%s made %s %s, shared: %s", by, changed.key, changed.role or "nobody", changed.shared)
        return changed

    def _person(self, key: str) -> Account:
        account = self._accounts.find(key) if is_person(key) else None
        if account is None:
            raise InvalidRequest(
                f"Nobody is known as {one_line(key, 80)}.",
                "A role is given to who was let in before, and to people only.",
                "Look at `voxnix access list`; who is not in it writes to the bot for a code.",
            )
        return account

    def _withdraw(self, key: str) -> None:
        """End what an account has asked for and has not begun."""
        for operation in self._operations.hold_open(key):
            proposed = operation.state is OperationState.PROPOSED
            to = OperationState.DENIED if proposed else OperationState.CANCELLED
            self._operations.move(operation.id, to, self._clock())
            if operation.kind.enters:  # nothing of it was made, so nobody would take it away
                self._workloads.withdraw(operation.node, operation.machine)


def _judge(key: str, account: Account | None, needed: Role) -> None:
    """Raise unless an account of a chat is a person who has the role."""
    about = {"account": key, "needed": needed.value}
    if is_group(key):
        raise NotAllowed(
            "A group cannot ask for anything.", "A person does.", "Ask from your own account.", about=about
        )
    if account is None or not is_person(key):
        raise NotAllowed(
            "I do not know you yet.",
            "Only people whom an admin has let in may use this server.",
            "Write to the bot in a private chat for a code, and ask an admin to accept it.",
            about=about,
        )
    if account.role is None:
        raise NotAllowed(
            "You may not use this server any more.",
            "An admin has taken your role.",
            "Ask an admin to give you one again.",
            about=about,
        )
    if not account.role.includes(needed):
        raise NotAllowed(
            "You may not do this.",
            f"Your role is {account.role}, and this takes the role {needed}.",
            "Ask an admin for that role.",
            about=about,
        )


def _keep_one(by: str, key: str, admins: frozenset[str]) -> None:
    if admins == frozenset({key}) and not is_local(by):
        raise NotAllowed(
            f"{key} is the last admin.",
            "Without one, nobody could let people in from a chat.",
            "Make somebody else an admin first, or use `voxnix access` on the server itself.",
        )
