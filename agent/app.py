"""The composition root: settings in, wired services out. The only place that constructs."""

import contextlib
import os
import threading
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Self

from agent.core.errors import HostFailure, InvalidSettings
from agent.core.operation import Arguments, OperationKind, Plan
from agent.core.owner import Owner
from agent.core.secrecy import keep
from agent.host.node import Node
from agent.services.access import Access
from agent.services.audit import Audit
from agent.services.backups import Backups
from agent.services.budget import Budget
from agent.services.catalogue import Catalogue
from agent.services.chats import Chats
from agent.services.diagnostics import Diagnostics
from agent.services.files import Files
from agent.services.guests import Guests
from agent.services.images import Images
from agent.services.lock import acquire_lock
from agent.services.losses import Losses
from agent.services.node_calls import CarriedCalls, DirectCalls, NodeCalls
from agent.services.node_work import NodeWork
from agent.services.nodes import node_of
from agent.services.notices import Notices
from agent.services.operations import Operations
from agent.services.preferences import Preferences
from agent.services.preflight import Preflight
from agent.services.reconcile import Reconcile
from agent.services.secrets import Secrets
from agent.services.services import Services
from agent.services.storage import Storage
from agent.services.trash import Trash
from agent.services.undo import Undo
from agent.services.workload_plans import WorkloadPlans
from agent.services.workloads import Workloads
from agent.settings import Settings
from agent.store.buttons import ButtonStore
from agent.store.channels import ChannelStore
from agent.store.conversations import Conversations
from agent.store.database import Database
from agent.store.deliveries import DeliveryStore
from agent.store.images import ImageStore
from agent.store.inbox import Inbox
from agent.store.node_calls import NodeCallStore
from agent.store.nodes import NodeStore
from agent.store.notices import NoticeStore
from agent.store.operations import OperationStore
from agent.store.preferences import PreferenceStore
from agent.store.spending import SpendingStore
from agent.store.trash import TrashStore
from agent.store.turns import TurnStore
from agent.store.workloads import WorkloadStore

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from agent.assistant import Assistant
    from agent.channels.telegram.bot import TelegramBot
    from agent.host.nix import Nix


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


class App:
    """The product, wired. Open one with :meth:`open`.

    Attributes:
        settings: as read.
        node: the machine, or its simulation.
        services: what can be done.
        conversations: what was said.
        turns: how far each turn of a chat has come.
    """

    def __init__(self, settings: Settings, node: Node, clock: Callable[[], datetime] = now) -> None:
        keep(settings.secrets)  # before anything can go wrong and say so
        self.settings = settings
        self.node = node
        self._clock = clock
        self._database = Database(settings.database)
        self._nodes = NodeStore(self._database)
        self._workloads = WorkloadStore(self._database)
        self._operations = OperationStore(self._database)
        self._worker: contextlib.ExitStack | None = None
        self._worker_lock = threading.Lock()
        self._images = ImageStore(self._database)
        self._trash = TrashStore(self._database)
        self._notices = NoticeStore(self._database)
        self._catalogue = Catalogue(settings.own_modules)
        self._guests = self._builder()
        self._calls = NodeCallStore(self._database)
        runtime = self._guests.runtime
        self._work = NodeWork(node, settings.pool, runtime, self._workloads, settings.upload_bytes)
        secrets = Secrets(settings, node, self._catalogue)
        self.conversations = Conversations(self._database)
        access = Access(self._database, self._operations, self._workloads, self._clock)
        self.turns = TurnStore(self._database)
        operations = Operations(
            self._database,
            self._operations,
            self._workloads,
            self._nodes,
            access,
            planner=self._plan,
            approval=timedelta(minutes=settings.approval_minutes),
            clock=self._clock,
            ensure_worker=self._ensure_worker,
        )
        calls = self._node_calls()
        losses, preflight = Losses(calls), Preflight(settings, calls, self._operations)
        workloads = Workloads(
            settings=settings,
            calls=calls,
            database=self._database,
            store=self._workloads,
            nodes=self._nodes,
            catalogue=self._catalogue,
            guests=self._guests,
            preflight=preflight,
            operations=operations,
            access=access,
            clock=self._clock,
        )
        images = Images(
            node.name,
            self._catalogue,
            self._guests,
            self._images,
            self._workloads,
            self._trash,
            self._operations,
            operations,
        )
        preferences = Preferences(PreferenceStore(self._database))
        chats = Chats(
            Inbox(self._database),
            self.turns,
            DeliveryStore(self._database),
            ButtonStore(self._database),
            ChannelStore(self._database),
            self._clock,
        )
        self._reconcile = Reconcile(
            node,
            settings.pool,
            settings.bridge,
            self._guests.runtime,
            self._workloads,
            self._trash,
            self._operations,
        )
        diagnostics = Diagnostics(
            settings, node, self._nodes, self._catalogue, access, chats, self._reconcile, self._clock
        )
        files = Files(calls, workloads.find, access, settings.upload_bytes)
        self._plans = WorkloadPlans(settings, workloads.find, losses, preflight)
        trash = Trash(
            settings=settings,
            database=self._database,
            store=self._trash,
            workloads=self._workloads,
            losses=losses,
            operations=operations,
            clock=self._clock,
        )
        storage = Storage(
            settings=settings,
            calls=calls,
            database=self._database,
            find=workloads.find,
            workloads=self._workloads,
            history=self._operations,
            trash=self._trash,
            preflight=preflight,
            operations=operations,
            clock=self._clock,
        )
        undo = Undo(
            history=self._operations,
            store=self._workloads,
            trashed=self._trash,
            operations=operations,
            workloads=workloads,
            storage=storage,
            trash=trash,
        )
        self.services = Services(
            workloads=workloads,
            operations=operations,
            audit=Audit(self._operations),
            catalogue=self._catalogue,
            images=images,
            secrets=secrets,
            diagnostics=diagnostics,
            access=access,
            backups=Backups(
                node,
                settings.pool,
                self._database,
                self._workloads,
                workloads,
                operations,
                access,
                self._clock,
            ),
            chats=chats,
            files=files,
            budget=Budget(settings, SpendingStore(self._database), self._clock),
            preferences=preferences,
            notices=Notices(self._notices, self._workloads, preferences, settings.zone),
            trash=trash,
            storage=storage,
            undo=undo,
        )

    @classmethod
    @contextlib.contextmanager
    def open(cls, settings: Settings) -> Generator[Self]:
        """The product for the length of a block.

        Raises:
            InvalidSettings: a setting does not work.
            HostFailure: the database cannot be opened.
        """
        app = cls(settings, node_of(settings))
        try:
            yield app
        finally:
            app.close()

    def _node_calls(self) -> NodeCalls:
        """Who is root here, or plays with a simulation, asks the node; anybody else asks its worker."""
        if self.simulated or os.geteuid() == 0:
            return DirectCalls(self.settings.node_name, self._work, self._calls, self._clock)
        return CarriedCalls(
            self.settings.node_name, self._database, self._calls, self._nodes, now, self._ensure_worker
        )

    def _builder(self) -> Guests:
        if self.settings.guest_builder == "debian":
            from agent.services.guests.debian import DebianGuests  # noqa: PLC0415 - only one of the two is wanted

            return DebianGuests(self.settings, self.node, self._catalogue)
        from agent.services.guests.nix import NixGuests  # noqa: PLC0415

        return NixGuests(self.settings, self.node, self._nix)

    @cached_property
    def _nix(self) -> "Nix":
        from agent.host.nix import Nix  # noqa: PLC0415 - with Debian guests only `modules refresh` needs it

        return Nix(self.node, memory=self.settings.evaluation_memory, evaluations=self.settings.evaluations)

    def _plan(self, owner: Owner, kind: OperationKind, name: str, arguments: Arguments) -> Plan | None:
        # Operations need a planner before there are workloads, and workloads need operations.
        if kind in {OperationKind.RESTORE, OperationKind.PURGE}:
            return self.services.trash.plan(owner, kind, name, arguments)
        if kind in {OperationKind.FORGET, OperationKind.REVERT, OperationKind.RESTORE_FILE}:
            return self.services.storage.plan(owner, kind, name, arguments)
        return self._plans.plan(owner, kind, name, arguments)

    @property
    def simulated(self) -> bool:
        """Whether nothing of this is real."""
        return self.node.simulated

    def run_bot(self) -> None:
        """Serve people on Telegram until SIGTERM or SIGINT.

        Raises:
            InvalidSettings: there is no token, or Telegram does not know it.
            HostFailure: another process does.
        """
        lock = acquire_lock(self.settings.state_folder, "bot")
        if lock is None:
            # Two would answer everything twice.
            raise HostFailure(
                "Another process serves Telegram already.",
                hint="Stop that one first: systemctl stop voxnix-bot",
            )
        with lock:
            self.bot().serve()

    def bot(self) -> "TelegramBot":
        """What serves people on Telegram.

        Raises:
            InvalidSettings: there is no token.
        """
        # Read when the library is imported: it would warn of its own way to tell a time otherwise.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        from agent.channels.telegram.bot import Connection, TelegramBot  # noqa: PLC0415 - only one command's
        from agent.voice import transcriber  # noqa: PLC0415

        settings = self.settings
        if settings.telegram_token is None:
            raise InvalidSettings(
                "There is no token of a bot.",
                "@BotFather gives one to whoever makes a bot.",
                "Set telegram_token, or VOXNIX_TELEGRAM_TOKEN in the environment.",
            )
        connection = Connection(
            token=settings.telegram_token,
            api=settings.telegram_api,
            rate=settings.telegram_rate,
            webhook=settings.telegram_webhook,
            listen=settings.telegram_webhook_listen,
        )
        return TelegramBot(connection, self.services, self.assistant, transcriber(settings))

    def assistant(self, model: "Model | None" = None) -> "Assistant":
        """The agent. It takes seconds to import, so only a conversation does.

        Args:
            model: instead of the one that the settings name.
        """
        from agent.assistant import Assistant  # noqa: PLC0415

        if self.settings.logfire_token is not None:
            from agent.assistant.tracing import trace  # noqa: PLC0415

            trace(self.settings.logfire_token)
        return Assistant(self.settings, self.services, self.conversations, self.turns, model=model)

    def refresh_modules(self) -> list[str]:
        """Take the admin's own modules into the catalogue: the only time that one is evaluated in.

        Returns:
            Their names.

        Raises:
            InvalidSettings: there is no folder of such modules.
            HostFailure: Nix does not understand one of them, or is not installed.
        """
        return self._catalogue.refresh(self._nix, self.node, self.settings.modules_dir)

    def run_worker(self) -> None:
        """Run this node's operations until SIGTERM or SIGINT.

        Raises:
            HostFailure: another process is the worker of this node.
        """
        from agent.worker import told_to_end  # noqa: PLC0415 - see `_start_worker`

        wait_for_end = told_to_end()
        if not self._start_worker():
            raise HostFailure(
                f"Another process runs the operations of {self.settings.node_name} already.",
                hint="Stop that one first: systemctl stop voxnix-worker",
            )
        wait_for_end()

    def close(self) -> None:
        """Stop what was started and give everything back."""
        if self._worker is not None:
            self._worker.close()
        self._database.close()

    def _ensure_worker(self) -> None:
        if self.settings.embeds_worker and self._worker is None:
            self._start_worker()

    def _start_worker(self) -> bool:
        """Become the node's worker, unless another process is."""
        with self._worker_lock:
            if self._worker is not None:
                return True
            lock = acquire_lock(self.settings.state_folder)
            if lock is None:
                return False
            # DBOS takes a second to import: only for who runs operations.
            from agent.worker import Shared, started  # noqa: PLC0415

            shared = Shared(
                settings=self.settings,
                node=self.node,
                database=self._database,
                catalogue=self._catalogue,
                guests=self._guests,
                secrets=self.services.secrets,
                work=self._work,
                reconcile=self._reconcile,
                clock=self._clock,
            )
            with contextlib.ExitStack() as everything:
                everything.enter_context(lock)
                everything.enter_context(started(shared))
                self._worker = everything.pop_all()
            return True
