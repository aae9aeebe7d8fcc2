"""The fake over HTTP: what a bot calls, what it downloads, and the control that tests hold."""

import asyncio
import json
import socket
import threading
from collections.abc import Coroutine, Generator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import cast
from urllib.parse import parse_qsl

import uvicorn
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from tests.telegram import control
from tests.telegram.calls import Upload
from tests.telegram.faults import Fault
from tests.telegram.methods import LARGEST_DOWNLOAD
from tests.telegram.refusals import Refused, moved, too_many
from tests.telegram.sending import LARGEST_UPLOAD
from tests.telegram.server import Server, refusal

# A little more than the largest upload, for what stands around it.
_LARGEST_BODY = LARGEST_UPLOAD + 2**20
_UNAUTHORIZED = Refused(401, "Unauthorized")
_NOT_FOUND = Refused(404, "Not Found")


class Cut(Exception):
    """The connection goes away instead of an answer."""


def application(server: Server) -> ASGIApp:
    """What answers every request to a server."""
    controls = control.application(server)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        path = cast("str", scope["path"])
        # When the server stops, what still waits is cancelled, and nobody is connected any more.
        with suppress(asyncio.CancelledError):
            if not path.startswith(("/bot", "/file/bot")):
                await controls(scope, receive, send)
                return
            reply = _download if path.startswith("/file/") else _call
            try:
                response = await reply(server, Request(scope, receive), path)
            except Refused as error:
                response = _json(refusal(error), error.code)
            except ClientDisconnect:  # a bot that was killed while it asked
                return
            except Cut:
                scope["state"]["connection"].transport.abort()
                await _disconnection(receive)
                return
            await response(scope, receive, send)

    return answer


async def _call(server: Server, request: Request, path: str) -> Response:
    token, _, method = path.removeprefix("/bot").partition("/")
    bot = server.world.bots.get(token)
    if bot is None:
        raise _UNAUTHORIZED
    fault = server.faults.take(method)
    if fault.drop == "before":
        raise Cut
    params, uploads = await _read(request)
    await _fail(fault)
    if fault.hold == "before":
        await _hold(server, request)
    try:
        result = await _while_connected(request, server.carry_out(bot, method, params, uploads))
        answer = _json({"ok": True, "result": result}, 200)
    except Refused as error:
        answer = _json(refusal(error), error.code)
    if fault.hold == "after":
        await _hold(server, request)
    if fault.delay:
        await asyncio.sleep(fault.delay)
    if fault.drop == "after" or server.faults.gone():
        raise Cut
    return answer


async def _while_connected(request: Request, work: Coroutine[object, object, object]) -> object:
    """Do what a bot waits for, unless it goes away meanwhile: then a poll ends."""
    doing = asyncio.create_task(work)
    await asyncio.sleep(0)
    if doing.done():
        return doing.result()
    gone = asyncio.create_task(_disconnection(request.receive))
    try:
        await asyncio.wait([doing, gone], return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise Cut
        return doing.result()
    finally:
        doing.cancel()
        gone.cancel()


async def _hold(server: Server, request: Request) -> None:
    """Stand still until the faults are released; who goes away meanwhile is not served."""
    holding = asyncio.create_task(server.faults.hold())
    gone = asyncio.create_task(_disconnection(request.receive))
    try:
        await asyncio.wait([holding, gone], return_when=asyncio.FIRST_COMPLETED)
        if not holding.done():
            raise Cut
    finally:
        holding.cancel()
        gone.cancel()


async def _disconnection(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _download(server: Server, request: Request, path: str) -> Response:
    token, _, wanted = path.removeprefix("/file/bot").partition("/")
    if token not in server.world.bots:
        raise _UNAUTHORIZED
    fault = server.faults.take("download")
    if fault.drop:
        raise Cut
    await _fail(fault)
    if fault.hold:
        await _hold(server, request)
    file = server.world.files.get(wanted.removeprefix("files/"))
    if file is None or wanted != file.path or len(file.content) > LARGEST_DOWNLOAD:
        raise _NOT_FOUND
    await asyncio.sleep(fault.delay)
    return Response(file.content, media_type="application/octet-stream")


async def _fail(fault: Fault) -> None:
    if fault.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise too_many(fault.retry_after)
    if fault.moved_to:
        raise moved(fault.moved_to)
    if fault.status:
        raise Refused(fault.status, HTTPStatus(fault.status).phrase)


async def _read(request: Request) -> tuple[dict[str, str], dict[str, Upload]]:
    """The parameters of a call, wherever they stand, and the files beside them."""
    if int(request.headers.get("content-length", "0")) > _LARGEST_BODY:
        raise Refused(413, "Request Entity Too Large")
    query = cast("bytes", request.scope["query_string"])
    params = dict(parse_qsl(query.decode(), keep_blank_values=True)) if query else {}
    uploads: dict[str, Upload] = {}
    media_type = request.headers.get("content-type", "")
    if media_type.startswith("multipart/"):
        # One part holds a parameter, and a parameter of a call may be as long as the call.
        async with request.form(max_part_size=_LARGEST_BODY) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    kind = value.content_type or ""
                    uploads[name] = Upload(value.filename or "", kind, await value.read())
                else:
                    params[name] = value
    elif media_type.startswith("application/json"):
        given = cast("dict[str, object]", json.loads(await request.body()))
        params |= {name: v if isinstance(v, str) else json.dumps(v) for name, v in given.items()}
    elif body := await request.body():
        params |= parse_qsl(body.decode(), keep_blank_values=True)
    return params, uploads


def _json(body: object, status: int) -> Response:
    return Response(json.dumps(body, separators=(",", ":")), status, media_type="application/json")


async def _serve(
    server: Server, port: int, also: socket.socket | None, ready: threading.Event, stop: asyncio.Event
) -> None:
    """Answer on a port of the loopback interface until told to stop, and leave nothing open."""
    config = uvicorn.Config(
        application(server),
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_keep_alive=600,
    )
    config.load()
    state = ServerState()

    def connect() -> H11Protocol:
        # With its connection in a request's scope, a fault can cut it.
        kept: dict[str, object] = {}
        kept["connection"] = protocol = H11Protocol(config, state, kept)
        return protocol

    server.loop = asyncio.get_running_loop()
    listener = await server.loop.create_server(connect, "127.0.0.1", port, backlog=2048)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    second = await server.loop.create_server(connect, sock=also) if also else None
    ready.set()
    await stop.wait()
    server.stop()
    listener.close()
    if second:
        second.close()
    for connection in list(state.connections):
        connection.transport.abort()
    await asyncio.sleep(0)  # now they know that nobody listens
    for task in list(state.tasks):
        task.cancel()
    await asyncio.gather(*state.tasks, return_exceptions=True)
    await listener.wait_closed()


@contextmanager
def running(server: Server, port: int = 0, also: socket.socket | None = None) -> Generator[Server]:
    """The server for the length of a block, in a thread of its own; see `serving`."""
    ready = threading.Event()
    stop = asyncio.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(_serve(server, port, also, ready, stop))
        except BaseException as error:  # noqa: BLE001 - it is raised where the server was asked for
            failed.append(error)
            ready.set()

    thread = threading.Thread(target=run, name="telegram", daemon=True)
    thread.start()
    ready.wait()
    try:
        if not failed:
            yield server
    finally:
        if server.loop is not None and not failed:
            server.loop.call_soon_threadsafe(stop.set)
        thread.join()
        if failed:
            raise failed[0]
