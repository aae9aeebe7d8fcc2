"""What is in order on this machine and what is not, each with what to do about it."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from agent.core.account import CONSOLE
from agent.core.errors import VoxnixError
from agent.host.network import Network
from agent.host.node import Node
from agent.host.presence import Presence
from agent.host.zfs import Zfs
from agent.services.access import Access
from agent.services.catalogue import Catalogue
from agent.services.chats import Chats
from agent.services.operations import WORKER_SILENCE
from agent.services.reconcile import Reconcile
from agent.settings import Settings
from agent.store.nodes import NodeStore

PROGRAMS = (
    *("busctl", "ip", "journalctl", "machinectl", "nft", "nsenter"),
    *("systemctl", "systemd-nspawn", "systemd-run", "unshare", "zfs", "zpool"),
)
"""What the host layer drives."""
BUILDER_PROGRAMS = {
    "debian": ("apt-config", "mmdebstrap", "tar"),
    "nix": ("nix-env", "nix-instantiate", "nix-store", "prlimit"),
}
"""What it drives to make guests, beside those."""
BOT_SILENCE = timedelta(seconds=30)
"""After this long without a sign of life the bot is taken for dead: it gives one every ten seconds."""
START_BOT = "Start the bot: systemctl start voxnix-bot"


class Finding(BaseModel):
    """One thing that was looked at.

    Attributes:
        name: what.
        ok: whether it is in order; None when that could not be told.
        detail: what was seen.
        hint: what to do about it; empty when in order.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    ok: bool | None
    detail: str
    hint: str = ""


class Diagnostics:
    """The doctor."""

    def __init__(  # noqa: PLR0913, PLR0917 - the composition root names each part
        self,
        settings: Settings,
        node: Node,
        nodes: NodeStore,
        catalogue: Catalogue,
        access: Access,
        chats: Chats,
        reconcile: Reconcile,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._node = node
        self._nodes = nodes
        self._catalogue = catalogue
        self._access = access
        self._chats = chats
        self._reconcile = reconcile
        self._clock = clock

    def check(self) -> list[Finding]:
        """Look at everything; a check that fails is a finding, never an error."""
        checks = {
            "database": self._database,
            "worker": self._worker,
            "programs": self._programs,
            "pool": self._pool,
            "zfs": self._zfs,
            "bridge": self._bridge,
            "firewall": self._firewall,
            "modules": self._modules,
            "guests": self._guests,
            "model": self._model,
            "telegram": self._telegram,
            "people": self._people,
        }
        return [*(_guarded(name, check) for name, check in checks.items()), *self._containers()]

    def _database(self) -> Finding:
        kind = "PostgreSQL" if self._settings.database.startswith("postgresql") else "SQLite"
        return Finding(name="database", ok=True, detail=f"{kind} answers")

    def _worker(self) -> Finding:
        seen = self._nodes.seen_at(self._node.name)
        if seen is not None and self._clock() - seen <= WORKER_SILENCE:
            return Finding(name="worker", ok=True, detail=f"runs operations on {self._node.name}")
        if self._settings.embeds_worker:
            return Finding(
                name="worker", ok=True, detail="none runs; the process that asks runs its operations itself"
            )
        return Finding(
            name="worker",
            ok=False,
            detail="never heard of" if seen is None else f"last heard of at {seen:%Y-%m-%d %H:%M:%S} UTC",
            hint="Start it: systemctl start voxnix-worker",
        )

    def _programs(self) -> Finding:
        if self._node.simulated:
            return Finding(name="programs", ok=True, detail="simulated")
        wanted = [*PROGRAMS, *BUILDER_PROGRAMS[self._settings.guest_builder]]
        if self._settings.guest_builder == "nix":
            wanted += [self._settings.extra_container, str(self._settings.busybox)]
        missing = [program for program in wanted if shutil.which(program) is None]
        if not missing:
            return Finding(name="programs", ok=True, detail=f"all {len(wanted)} are there")
        return Finding(
            name="programs",
            ok=False,
            detail=f"missing: {', '.join(missing)}",
            hint="Install them, or correct PATH.",
        )

    def _pool(self) -> Finding:
        space = Zfs(self._node).pool(self._settings.pool)
        healthy = space.health == "ONLINE"
        return Finding(
            name="pool",
            ok=healthy,
            detail=f"{self._settings.pool} {space.health}, {space.free >> 30} of {space.size >> 30} GiB free",
            hint="" if healthy else f"Look at it: zpool status {self._settings.pool}",
        )

    def _zfs(self) -> Finding:
        lacking = Zfs(self._node).capabilities.lacking
        told = "; ".join(f"no {what}: {instead}" for what, instead in lacking.items())
        return Finding(name="zfs", ok=True, detail=told or "all that is used is there")

    def _bridge(self) -> Finding:
        return _presence(
            "bridge",
            self._settings.bridge,
            Network(self._node).bridge_up(self._settings.bridge),
            "Set up the bridge.",
        )

    def _firewall(self) -> Finding:
        return _presence(
            "firewall",
            "the table voxnix",
            Network(self._node).firewall_loaded(),
            "Load it: systemctl restart nftables",
        )

    def _modules(self) -> Finding:
        return Finding(name="modules", ok=True, detail=f"{len(self._catalogue.all())} modules")

    def _guests(self) -> Finding:
        if self._settings.guest_builder == "debian":
            return Finding(name="guests", ok=True, detail=f"made of Debian {self._settings.debian_suite}")
        tree = self._settings.nixpkgs
        if tree is None or not self._node.exists(f"{tree}/nixos/lib/eval-config.nix"):
            return Finding(
                name="guests",
                ok=False,
                detail=f"there is no nixpkgs at {tree}" if tree else "the setting nixpkgs is not set",
                hint="Set nixpkgs to the folder of one.",
            )
        return Finding(name="guests", ok=True, detail=f"made of NixOS, from {tree}")

    def _model(self) -> Finding:
        if not self._settings.model:
            return Finding(
                name="model",
                ok=True,
                detail="none: the phrasebook understands plain phrases",
                hint="For free conversation, set model and model_api_key.",
            )
        return Finding(name="model", ok=True, detail=self._settings.model)

    def _containers(self) -> list[Finding]:
        """What is not as the database says. A person has to judge it, so nothing of it counts as broken."""
        seen = self._reconcile.look()
        found = [
            Finding(name="containers", ok=None, detail=one.what, hint=one.hint)
            for one in seen.differences
            if one.about != "bridge"  # that has a line of its own
        ]
        found += [Finding(name="containers", ok=None, detail=what) for what in seen.unclear]
        return found or [Finding(name="containers", ok=True, detail="all are as the database says")]

    def _people(self) -> Finding:
        known = sum(one.role is not None for one in self._access.accounts(CONSOLE))
        waiting = len(self._access.pairings(CONSOLE))
        return Finding(
            name="people",
            ok=True,
            detail=f"{known} may speak to the bot, {waiting} wait to be let in",
            hint="Look at who waits: voxnix access list" if waiting else "",
        )

    def _telegram(self) -> Finding:
        health = self._chats.health("telegram")
        if health is None:
            # A bot that runs under rules of its own has its token where we may not look.
            given = self._settings.telegram_token is not None
            return Finding(
                name="telegram",
                ok=not given,
                detail="there is a token, and no bot was ever heard of" if given else "no bot runs",
                hint=START_BOT if given else "To talk on Telegram, set telegram_token and start the bot.",
            )
        if self._clock() - health.seen_at > BOT_SILENCE:
            last = f"last heard of at {health.seen_at:%Y-%m-%d %H:%M:%S} UTC"
            detail = f"{last}: {health.problem}" if health.problem else last
            return Finding(name="telegram", ok=False, detail=detail, hint=START_BOT)
        if health.problem:
            hint = "The bot tries again by itself. If it stays like this: journalctl -u voxnix-bot"
            return Finding(name="telegram", ok=False, detail=health.problem, hint=hint)
        return Finding(name="telegram", ok=True, detail="the bot talks to people")


def _presence(name: str, what: str, presence: Presence, hint: str) -> Finding:
    ok = {Presence.PRESENT: True, Presence.ABSENT: False, Presence.UNKNOWN: None}[presence]
    return Finding(name=name, ok=ok, detail=f"{what} is {presence}", hint="" if ok else hint)


def _guarded(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except VoxnixError as error:
        return Finding(
            name=name,
            ok=False,
            detail=f"{error.problem.what} {error.problem.why}".strip(),
            hint=error.problem.hint,
        )
