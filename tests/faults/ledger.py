"""An account of what people wrote: where each content was last seen, and what may have taken it from there.

It believes the people's own journal, the rows of operations and the names of snapshots; nothing of the
product reads or writes it. What was there and is not any more is lost, unless each place where it was seen
has been given up since, for a reason that stands in a row.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.faults.look import BACKUPS, Seen, place

AWAY = {"destroy", "revert", "restore"}
"""Kinds that put what was there into the trash, under their number."""
MAKING = {"create", "clone", "receive"}
"""Kinds that take all of their workload away again where they do not go well."""
REMAKING = {"update", "rollback"}
FAILED = {"failed", "cancelled"}
BY_ITSELF = {"hourly", "daily", "weekly"}


@dataclass
class Account:
    """One content.

    Attributes:
        owner: whose it is.
        places: where it was seen last: data sets, snapshots, and files of backups.
        at: when, in seconds since 1970.
    """

    owner: str
    places: frozenset[str]
    at: float


@dataclass
class Ledger:
    """What must be readable.

    Attributes:
        accounts: by content.
        written: how many contents there were ever.
        forgiven: how many are gone, by reason.
    """

    accounts: dict[str, Account] = field(default_factory=dict[str, Account])
    written: int = 0
    forgiven: Counter[str] = field(default_factory=Counter[str])
    _begun: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def read(self, lines: Iterable[str]) -> None:
        """Take in what people have written down since."""
        for line in lines:
            entry: dict[str, Any] = json.loads(line)
            match entry["what"]:
                case "writing":
                    self._begun[entry["content"]] = entry
                case "refused":
                    self._begun.pop(entry["content"], None)
                case "wrote":
                    begun = self._begun.pop(entry["content"])
                    self.written += 1
                    self.accounts[entry["content"]] = Account(
                        begun["owner"], frozenset({begun["dataset"]}), begun["at"]
                    )
                    self._replaced(begun["over"], frozenset(entry["kept"]), begun["at"])
                case _:
                    continue

    def _replaced(self, content: str, kept: frozenset[str], at: float) -> None:
        """Somebody wrote something else in its place: it has to be where it was kept, if anywhere."""
        known = self.accounts.get(content)
        if known is None:
            return
        if kept:
            self.accounts[content] = Account(known.owner, kept, at)
        else:
            del self.accounts[content]
            self.forgiven["overwritten by its owner"] += 1

    def check(self, seen: Seen, now: float) -> list[str]:
        """What is lost, a sentence each; then it is no more looked for.

        Args:
            seen: what there is.
            now: when that was, at the earliest.
        """
        there = readable(seen)
        doubtful = {entry["over"] for entry in self._begun.values()}  # whoever wrote there was killed
        missing: list[str] = []
        for content, account in list(self.accounts.items()):
            if content in there:
                self.accounts[content] = Account(account.owner, there[content], now)
                continue
            del self.accounts[content]
            since = Since(seen, account)
            reasons = {where: since.excuse(where, doubtful=content in doubtful) for where in account.places}
            if all(reasons.values()):
                self.forgiven[min(reasons.values())] += 1
            else:
                left = ", ".join(sorted(where for where, reason in reasons.items() if not reason))
                missing.append(f"{content!r} of {account.owner} is lost: it was in {left}")
        self._begun.clear()
        return missing


def readable(seen: Seen) -> dict[str, frozenset[str]]:
    """Every content, and where it can be read."""
    there: dict[str, set[str]] = {}
    for where, _, text in seen.contents():
        there.setdefault(text, set()).add(where)
    return {text: frozenset(places) for text, places in there.items()}


class Since:
    """What an owner's operations have given up since a content was seen.

    Args:
        seen: what there is now.
        account: of the content.
    """

    def __init__(self, seen: Seen, account: Account) -> None:
        self._seen = seen
        self._owner = account.owner
        self._operations = [
            row
            for row in seen.rows["operations"]
            if row["owner"] == account.owner and row["ended_at"] and instant(row["ended_at"]) >= account.at
        ]

    def excuse(self, where: str, *, doubtful: bool = False) -> str:
        """Why it need not be in a place any more; empty where it has to be.

        Args:
            where: a data set, a snapshot, or a file of a backup.
            doubtful: whether somebody may have written something else there.
        """
        if where.startswith(BACKUPS):
            return "in an earlier backup" if any(self._of("backup")) else ""
        dataset, _, snapshot = where.partition("@")
        found = place(dataset)
        if found is None:
            return ""
        machine = found.machine.removesuffix(".again")
        numbers = {found.number} if found.number is not None else set[int]()
        machines = {machine} if found.number is None else set[str]()
        if went := self._went(machines, numbers):
            return went
        if found.part in {"root", "root-before"} and self._remade(machines, found.part):
            return "of a system before the last update"
        return self._given_up(snapshot) if snapshot else self._overwritten(machines, doubtful=doubtful)

    def _of(self, *kinds: str, states: Iterable[str] = ("done",)) -> Iterator[dict[str, Any]]:
        """The operations of some kinds that ended in some way."""
        return (row for row in self._operations if row["kind"] in kinds and row["state"] in states)

    def _purged(self, machines: set[str], numbers: set[int]) -> bool:
        """Whether it went to the trash, and from there for good, however often it came back in between."""
        for row in self._of(*AWAY):
            if row["machine"] in machines or row["arguments"]["trash"] in numbers:
                numbers.add(row["id"])
            if row["kind"] == "restore" and row["arguments"]["trash"] in numbers:
                machines.add(row["machine"])
        return any(row["arguments"]["trash"] in numbers for row in self._of("purge"))

    def _went(self, machines: set[str], numbers: set[int]) -> str:
        """Why all of it went: it was purged, or what made it did not go well after all."""
        if self._purged(machines, numbers):
            return "purged"
        made = any(row["machine"] in machines for row in self._of(*MAKING, states=FAILED))
        put_aside = any(row["id"] in numbers for row in self._of(*AWAY, states=FAILED))
        return "made by what was taken back" if made or put_aside else ""

    def _overwritten(self, machines: set[str], *, doubtful: bool) -> str:
        """Why something live is not there any more: a person, or a file that came back in its place."""
        if doubtful:
            return "overwritten by its owner"
        came_back = any(row["machine"] in machines for row in self._of("restore file"))
        forgotten = (row["arguments"]["snapshot"] for row in self._of("forget"))
        return "forgotten" if came_back and any("-before-" in name for name in forgotten) else ""

    def _remade(self, machines: set[str], part: str) -> bool:
        """Whether it was outside of the workspace, in a system that two others came after."""
        done = [row["kind"] for row in self._of(*REMAKING) if row["machine"] in machines]
        return "update" in done and len(done) >= (1 if part == "root-before" else 2)

    def _given_up(self, snapshot: str) -> str:
        """Why a snapshot need not be there."""
        _, kind, stamp, *label = snapshot.split("-", 3)
        if any(row["arguments"]["snapshot"] == snapshot for row in self._of("forget")):
            return "forgotten"
        if any(snapshot in row["claims"] for row in self._of("snapshot", states=FAILED)):
            return "made by what was taken back"
        if kind == "before" and any(str(row["id"]) in label for row in self._operations_of(FAILED)):
            return "made by what was taken back"
        if kind == "backup" and any(self._of("backup", states={"done", *FAILED})):
            return "of an earlier backup"
        if kind in BY_ITSELF and self._superfluous(kind, stamp):
            return "enough newer snapshots by schedule"
        return ""

    def _operations_of(self, states: set[str]) -> list[dict[str, Any]]:
        return [row for row in self._operations if row["state"] in states]

    def _superfluous(self, kind: str, stamp: str) -> bool:
        """Whether some workload of the owner has as many newer snapshots as its schedule wants."""
        for row in self._seen.rows["workloads"]:
            if row["owner"] != self._owner:
                continue
            above = f"tank/users/{self._owner}/workloads/{row['machine']}/workspace"
            taken = self._seen.datasets.get(above, {"snapshots": {}})["snapshots"]
            newer = [
                name
                for name in taken
                if name.startswith(f"voxnix-{kind}-") and name.removeprefix(f"voxnix-{kind}-") > stamp
            ]
            if len(newer) >= row["schedule"][kind]:
                return True
        return False


def instant(text: str) -> float:
    """A moment as sqlite has it, in seconds since 1970."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
