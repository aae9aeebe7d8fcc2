"""How updates come in: asked for in a loop, or posted to us. Each is a row before Telegram may forget it."""

import asyncio
import hmac
import json
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from telegram import Bot
from telegram.error import Conflict, EndPointNotFound, InvalidToken, RetryAfter, TelegramError
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from agent.channels.telegram.request import as_told
from agent.core.errors import HostFailure
from agent.core.secrecy import keep

log = logging.getLogger(__name__)

T = TypeVar("T")
Receive = Callable[[Sequence[Mapping[str, Any]]], Awaitable[None]]
"""Keeps updates. When it returns they are in the database."""

KINDS = ("message", "edited_message", "callback_query", "my_chat_member")
LONG_POLL = 50
"""Seconds that Telegram may keep a question for updates open."""
GRACE = 10
"""Seconds on top of that until the connection is taken for dead."""
KEPT_AGAIN_AFTER = 1.0
"""Seconds after which updates are offered to the database again."""
LARGEST = 1 << 20
"""Bytes of a posted update; Telegram's are far smaller."""
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
PATH = "/telegram"


class Health(Protocol):
    """Hears how it goes, for who looks from outside."""

    def __call__(self, problem: str) -> None:
        """Say what is wrong; an empty text says that nothing is."""
        ...


class Polling:
    """Asks Telegram for updates.

    Args:
        bot: Telegram's.
        receive: keeps them.
        health: hears what is wrong.
    """

    def __init__(self, bot: Bot, receive: Receive, health: Health) -> None:
        self._bot = bot
        self._receive = receive
        self._health = health

    async def run(self) -> None:
        """Take updates until cancelled. Whatever goes wrong is tried again, and said."""
        await persist(self._bot.delete_webhook, self._health)
        offset = 0
        while True:
            updates = await persist(lambda at=offset: self._ask(at), self._health)
            if updates:
                await self._keep(updates)
                # Only the next question tells Telegram that these have arrived.
                offset = max(int(update["update_id"]) for update in updates) + 1

    async def _keep(self, updates: Sequence[Mapping[str, Any]]) -> None:
        """Keep updates, however long the database does not take them: until then Telegram has them."""
        while True:
            try:
                return await self._receive(updates)
            except Exception:
                log.exception("updates could not be kept")
                self._health("The database does not take what people write: look at the log of the bot.")
                await asyncio.sleep(KEPT_AGAIN_AFTER)

    async def _ask(self, offset: int) -> list[dict[str, Any]]:
        # As they come: one that the library cannot read must be kept as well, or it would come for ever.
        # Telegram reads a method's name in any case; in lower case PTB does not take it for one of its own.
        return await self._bot.do_api_request(
            "getupdates",
            api_kwargs={"offset": offset, "timeout": LONG_POLL, "allowed_updates": list(KINDS)},
            read_timeout=LONG_POLL + GRACE,
        )


class Webhook:
    """Is told of updates by Telegram, over HTTP behind a proxy that speaks TLS.

    Args:
        bot: Telegram's.
        url: where Telegram finds us; the path below it is ours.
        listen: address and port, such as ``127.0.0.1:8088``.
        receive: keeps updates.
        health: hears what is wrong.
    """

    def __init__(self, bot: Bot, url: str, listen: str, receive: Receive, health: Health) -> None:
        self._bot = bot
        self._url = url.rstrip("/") + PATH
        self._host, _, port = listen.rpartition(":")
        self._port = int(port)
        self._receive = receive
        self._health = health
        self._secret = secrets.token_urlsafe(32)  # anew at each start: Telegram is told below
        keep([self._secret])

    async def run(self) -> None:
        """Take updates until cancelled.

        Raises:
            HostFailure: the address cannot be listened at.
        """
        # Only who has a webhook waits for a web server's import.
        import uvicorn  # noqa: PLC0415
        from starlette.applications import Starlette  # noqa: PLC0415
        from starlette.requests import Request  # noqa: PLC0415
        from starlette.responses import Response  # noqa: PLC0415
        from starlette.routing import Route  # noqa: PLC0415

        class Server(uvicorn.Server):
            @contextmanager
            def capture_signals(self) -> Generator[None]:
                yield  # the bot has its own

        async def post(request: Request) -> Response:
            body = b""
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST:
                    return Response(status_code=413)
            return Response(status_code=await self._posted(request.headers.get(SECRET_HEADER, ""), body))

        app = Starlette(routes=[Route(PATH, post, methods=["POST"])])
        server = Server(
            uvicorn.Config(
                app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=GRACE
            )
        )
        with self._listening() as listener:
            serving = asyncio.create_task(server.serve([listener]), name="webhook")
            try:
                await persist(self._register, self._health)
                await asyncio.shield(serving)
            finally:
                server.should_exit = True
                await asyncio.gather(serving, return_exceptions=True)

    def _listening(self) -> socket.socket:
        # Not left to uvicorn, which would end the process.
        try:
            return socket.create_server((self._host, self._port))
        except OSError as error:
            raise HostFailure(
                f"The webhook cannot listen at {self._host}:{self._port}.",
                f"{error.strerror}.",
                "Look at the setting telegram_webhook_listen, and at who else listens there.",
            ) from None

    async def _register(self) -> bool:
        # One after another: what somebody says in two messages is handled in their order.
        return await self._bot.set_webhook(
            self._url, allowed_updates=list(KINDS), secret_token=self._secret, max_connections=1
        )

    async def _posted(self, secret: str, body: bytes) -> int:
        """The status code that an update is answered with: 200 once it is kept, and never before."""
        if not hmac.compare_digest(secret.encode(), self._secret.encode()):
            return 403
        try:
            update = json.loads(body)
            int(update["update_id"])
        except (ValueError, TypeError, KeyError):
            return 400
        await self._receive([update])
        return 200


async def persist(ask: Callable[[], Awaitable[T]], health: Health) -> T:
    """Ask until there is an answer; meanwhile say what is wrong."""

    def tell(state: RetryCallState) -> None:
        problem = _problem(state.outcome.exception() if state.outcome else None)
        log.warning("%s", problem)
        health(problem)

    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type((TelegramError, OSError)), wait=as_told, before_sleep=tell
    ):
        with attempt:
            answer = await ask()
            health("")
            return answer
    raise AssertionError("it is tried for ever")


def _problem(error: BaseException | None) -> str:
    """What is wrong, without the words of the library: those can hold the token."""
    match error:
        case Conflict():
            return "Another process takes the updates of this bot: stop it, or give it a token of its own."
        case InvalidToken() | EndPointNotFound():  # what PTB makes of it for a method that it does not have
            return "Telegram does not accept the token: look at the setting telegram_token."
        case RetryAfter():
            return "Telegram asks us to wait: too many requests."
        case _:
            return f"Telegram cannot be reached ({type(error).__name__})."
