"""The conversation at this machine's console: typed line by line, piped in, or one sentence."""

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from rich.text import Text

from agent.channels import cli, render
from agent.channels.gate import settle
from agent.channels.replying import View, view
from agent.channels.waiting import Interrupted
from agent.core.account import CONSOLE
from agent.core.conversation import checked_sentence
from agent.core.errors import HostFailure, Refusal, problem_of
from agent.core.operation import Operation, OperationState, Request
from agent.core.printable import one_line

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

    from agent.assistant import Assistant
    from agent.channels.desk import Desk

log = logging.getLogger(__name__)

CHANNEL = "console"
PATIENCE = 1800.0
"""Seconds that a tool waits for an operation: nobody at a console wants to ask again and again."""
LOOK_EVERY = 0.25
"""Seconds between two looks at the conversation's operations while a reply is on its way."""
RECENT = 20
"""Operations that are looked through for those of this conversation."""
INTERRUPTED = 130

HELP = """\
Say what you want, such as: create a container called dev with git and fish
  /new    forget this conversation
  /quit   leave, as Ctrl-D does
  Tab completes names of containers. Alt-Enter begins a new line. Ctrl-C stops a reply, not the program."""


class Console:
    """One person's conversation.

    Args:
        desk: theirs.
    """

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk
        self._conversation = f"{CHANNEL}:{desk.owner.key}"
        self._loading: Future[Assistant] | None = None

    def once(self, sentence: str) -> int:
        """Say one sentence, show the reply, and settle what it leads to.

        Returns:
            The exit code: how it went.
        """
        with asyncio.Runner() as runner:
            return self._turn(runner, sentence)

    def run(self) -> int:
        """Talk until the person leaves, or the input ends.

        Returns:
            The exit code: of the worst turn where the input is no terminal, 0 otherwise.
        """
        if not self._desk.terminal.interactive:
            return self._read_all()
        from agent.channels.prompt import session  # noqa: PLC0415 - only where somebody types

        self._greet()
        self._load()  # while the person types
        with asyncio.Runner() as runner:
            self._talk(runner, session(self._desk.history, self._names))
        return 0

    def _talk(self, runner: asyncio.Runner, line: "PromptSession[str]") -> None:
        while True:
            try:
                sentence = line.prompt()
            except KeyboardInterrupt:
                continue  # the line is cleared, as in a shell
            except EOFError:
                return
            if sentence.strip() and self._heard(runner, sentence) is None:
                return

    def _read_all(self) -> int:
        codes: list[int] = []
        with asyncio.Runner() as runner:
            for raw in sys.stdin.buffer:
                sentence = raw.decode(errors="surrogateescape").strip()
                if not sentence:
                    continue
                self._desk.terminal.say(Text(f"> {one_line(sentence)}", "bold"))
                code = self._heard(runner, sentence)
                if code is None:
                    break
                codes.append(code)
        if not codes:
            checked_sentence("")
        return max(codes, default=0)

    def _heard(self, runner: asyncio.Runner, sentence: str) -> int | None:
        """Answer a line, whatever comes of it.

        Returns:
            How it went, as an exit code; None when the person leaves.
        """
        terminal = self._desk.terminal
        match sentence.strip():
            case "/quit" | "/exit":
                return None
            case "/help":
                terminal.say(HELP)
                return 0
            case "/new":
                self._desk.forget(self._desk.owner, self._conversation)
                terminal.say("This conversation is forgotten. Your containers are as they were.")
                return 0
            case _:
                pass
        try:
            return self._turn(runner, sentence)
        except KeyboardInterrupt as stopped:
            terminal.say(str(stopped) or "Stopped.")
            return INTERRUPTED
        except Exception as error:
            log.debug("the turn failed", exc_info=True)
            return terminal.fail(problem_of(error))

    def _turn(self, runner: asyncio.Runner, sentence: str) -> int:
        checked_sentence(sentence)  # before the seconds that the assistant may take to load
        operations = self._desk.services.operations
        before = max((one.id for one in operations.list(self._desk.owner, 1)), default=0)
        try:
            code = runner.run(self._reply(sentence))
        except KeyboardInterrupt:
            raise self._stopped(before) from None
        if self._desk.terminal.simulated:
            self._desk.terminal.out.print(render.simulation())
        # A question that an earlier program left open is put to a person, and left alone without one.
        waiting = operations.waiting(self._desk.owner, self._conversation)
        asked = [one for one in waiting if one.id > before or self._desk.terminal.interactive]
        if not asked:
            return code
        settled = max(self._settle(one) for one in asked)
        return max(settled, code) if code == HostFailure.exit_code else settled

    def _settle(self, operation: Operation) -> int:
        """Put an operation's plan to the person, and see to the end what was agreed to."""
        try:
            settled = settle(self._desk, operation, ask=self._desk.terminal.ask)
        except Refusal as refusal:
            return self._desk.terminal.fail(refusal.problem)
        return cli.finish(self._desk, settled, wait=True)

    def _stopped(self, before: int) -> KeyboardInterrupt:
        """What is left of a stopped reply: an operation under way goes on, a question is closed."""
        under_way: Operation | None = None
        for operation in self._recent():
            if operation.id <= before or operation.state.ended:
                continue
            if operation.state is not OperationState.PROPOSED:
                under_way = under_way or operation
                continue
            with suppress(Refusal):  # answered elsewhere meanwhile
                self._desk.services.operations.deny(self._desk.owner, operation.id, CONSOLE)
        return KeyboardInterrupt() if under_way is None else Interrupted(under_way)

    async def _reply(self, sentence: str) -> int:
        code = 0
        with view(self._desk.terminal) as shown:
            assistant = await asyncio.wrap_future(self._load())
            from agent.assistant import Finished, TextDelta, ToolStarted  # noqa: PLC0415 - loaded just now

            request = Request(channel=CHANNEL, conversation=self._conversation, words=sentence)
            events = assistant.reply(self._desk.owner, request, patience=PATIENCE)
            async with self._watched(shown):
                async for event in events:
                    match event:
                        case TextDelta(text=text):
                            shown.add(text)
                        case ToolStarted(name=name):
                            shown.doing(name)
                        case Finished(text=text, exit_code=exit_code):
                            shown.end(text)
                            code = exit_code
                        case _:
                            pass
        return code

    @asynccontextmanager
    async def _watched(self, shown: View) -> AsyncGenerator[None]:
        """Shows how this conversation's operations go while the assistant waits for them."""
        watcher = asyncio.create_task(self._watch(shown))
        try:
            yield
        finally:
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher

    async def _watch(self, shown: View) -> None:
        seen: dict[int, Operation] = {}
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                recent = await asyncio.to_thread(self._recent)
            except Exception:  # the reply itself tells what is wrong
                log.debug("looking for operations failed", exc_info=True)
                continue
            for operation in reversed(recent):
                known = seen.get(operation.id)
                if operation == known or (known is None and operation.state.ended):
                    continue
                seen[operation.id] = operation
                shown.update(operation)

    def _recent(self) -> list[Operation]:
        recent = self._desk.services.operations.list(self._desk.owner, RECENT)
        return [one for one in recent if one.request.conversation == self._conversation]

    def _names(self) -> list[str]:
        return [one.name for one in self._desk.services.workloads.list(self._desk.owner)]

    def _load(self) -> "Future[Assistant]":
        if self._loading is None:
            executor = ThreadPoolExecutor(1, "voxnix-assistant")
            self._loading = executor.submit(self._desk.assistant)
            executor.shutdown(wait=False)
        return self._loading

    def _greet(self) -> None:
        thinks = self._desk.model or "the phrasebook (no model is set)"
        head = Text.assemble(
            ("Voxnix", "bold"), f" · {self._desk.owner} on {self._desk.node} · {one_line(thinks)}"
        )
        self._desk.terminal.say(head)
        if self._desk.terminal.simulated:
            self._desk.terminal.say(render.simulation())
        self._desk.terminal.say(Text("/help says what you can do here, Ctrl-D leaves.", "dim"))
