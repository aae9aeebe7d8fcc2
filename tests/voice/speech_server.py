"""A server that speaks OpenAI's protocol for speech, on loopback, and refuses what the real ones refuse."""

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio.to_thread
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PARTS = {"file", "model", "language", "prompt", "response_format"}


@dataclass
class SpeechServer:
    """What it hears with, how it answers, and what it was asked.

    Attributes:
        hear: makes words of a file.
        key: the only key that it takes; empty where it takes any.
        model: the only model that it has.
        answers: given instead, one for each request: a response, or None for none at all.
        asked: the fields of the requests that were fine, but the file.
    """

    hear: Callable[[bytes], str] = lambda _: "list my containers"
    key: str = "sk-test"
    model: str = "whisper-1"
    answers: list[Response | None] = field(default_factory=list[Response | None])
    asked: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    url: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    async def answer(self, request: Request) -> Response:  # noqa: PLR0911 - one per refusal
        """Answer one request."""
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return refusal(401, "Incorrect API key provided")
        async with request.form() as form:
            parts = [name for name, _ in form.multi_items()]
            file = form.get("file")
            if len(parts) != len(set(parts)) or not set(parts) <= PARTS or not isinstance(file, UploadFile):
                return refusal(400, f"unknown, repeated or missing fields: {parts}")
            audio = await file.read()
            if file.filename != "voice.ogg" or file.content_type != "audio/ogg" or audio[:4] != b"OggS":
                return refusal(400, f"Invalid file format: {file.filename}, {file.content_type}")
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
        if fields.get("model") != self.model:
            return refusal(404, f"The model {fields.get('model')} does not exist")
        if "language" in fields and len(fields["language"]) != 2:
            return refusal(400, "Invalid language")
        self.asked.append(fields)
        if self.answers:
            given = self.answers.pop(0)
            if given is not None:
                return given
            await anyio.to_thread.run_sync(self.over.wait)
        return JSONResponse({"text": await anyio.to_thread.run_sync(self.hear, audio)})


def refusal(status: int, message: str, **headers: str) -> JSONResponse:
    """A refusal in OpenAI's form."""
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
    return JSONResponse(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


@contextmanager
def serving(server: SpeechServer) -> Generator[SpeechServer]:
    """The server for the length of a block."""
    routes = [Route("/v1/audio/transcriptions", server.answer, methods=["POST"])]
    web = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="critical", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        thread = threading.Thread(target=web.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            web.should_exit = True
            thread.join()
