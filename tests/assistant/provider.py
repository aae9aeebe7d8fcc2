"""An OpenAI-compatible server on the loopback interface, which refuses what the real ones refuse."""

import json
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = str | int | float | None | dict[str, dict[str, object]]
"""Text; an HTTP status; seconds of silence; None to break off in the middle; or calls of tools by name."""


@dataclass
class Provider:
    """What the server answers, and what it was asked.

    Attributes:
        model: the only model it has.
        key: the only key it takes.
        answers: one for each request, in order; further ones are answered with status 500.
        asked: the bodies of the requests that were fine.
        refused: why others were not.
    """

    model: str = "small"
    key: str = "sk-test"
    answers: list[Answer] = field(default_factory=list[Answer])
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    refused: list[str] = field(default_factory=list[str])
    url: str = ""
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(provider: Provider) -> Generator[Provider]:
    """The server for the length of a block."""
    handler = type("Handler", (_Handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    provider.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        provider.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # in 1.0 a stream that breaks off looks like one that ends
    provider: Provider

    def do_POST(self) -> None:
        """Answer one request."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        status, why = self._wrong(body)
        if why:
            self.provider.refused.append(why)
            self._error(status, why)
            return
        request: dict[str, Any] = json.loads(body)
        self.provider.asked.append(request)
        answer = self.provider.answers.pop(0) if self.provider.answers else 500
        match answer:
            case int():
                self._error(answer, f"scripted {answer}")
            case float():
                self.provider.over.wait(answer)
                self.close_connection = True
            case _:
                self._stream(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""

    def _wrong(self, body: bytes) -> tuple[int, str]:
        if self.path != "/v1/chat/completions":
            return 404, f"no such path {self.path}"
        if self.headers.get("Authorization") != f"Bearer {self.provider.key}":
            return 401, "Incorrect API key provided"
        try:
            request: dict[str, Any] = json.loads(body)
        except ValueError:
            return 400, "not JSON"
        if request.get("model") != self.provider.model:
            return 404, f"The model {request.get('model')!r} does not exist"
        if not request.get("stream"):
            return 400, "this server only streams"
        return 400, _wrong_messages(request.get("messages") or []) or _wrong_tools(request.get("tools") or [])

    def _error(self, status: int, message: str) -> None:
        payload = json.dumps({"error": {"message": message, "type": "error", "code": None}}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def _stream(self, answer: str | dict[str, dict[str, object]] | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        match answer:
            case str():
                deltas: list[dict[str, Any]] = [{"content": word} for word in answer.split(" ")]
                deltas[1:] = [{"content": " " + delta["content"]} for delta in deltas[1:]]
                reason = "stop"
            case dict():
                deltas = [
                    {
                        "tool_calls": [
                            {
                                "index": at,
                                "id": f"call_{len(self.provider.asked)}_{at}",
                                "type": "function",
                                "function": {"name": name, "arguments": json.dumps(arguments)},
                            }
                        ]
                    }
                    for at, (name, arguments) in enumerate(answer.items())
                ]
                reason = "tool_calls"
            case None:
                self._chunk({"role": "assistant", "content": "I will "}, None)
                time.sleep(0.05)
                self.close_connection = True
                return
        self._chunk({"role": "assistant", "content": ""}, None)
        for delta in deltas:
            self._chunk(delta, None)
        self._chunk({}, reason)
        self._write("data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, delta: dict[str, Any], reason: str | None) -> None:
        chunk = {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1_767_323_045,
            "model": self.provider.model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        }
        self._write(f"data: {json.dumps(chunk)}\n\n")

    def _write(self, text: str) -> None:
        data = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))


def _wrong_messages(messages: list[dict[str, Any]]) -> str:  # noqa: PLR0911 - one per refusal
    """Why a real server would refuse these messages; empty where it would not."""
    owed: list[str] = []
    spoken = False
    for message in messages:
        role = message.get("role")
        if role not in {"system", "developer", "user", "assistant", "tool"}:
            return f"no such role {role!r}"
        if role == "tool":
            if message.get("tool_call_id") not in owed:
                return "messages with role 'tool' must be a response to a preceding message with 'tool_calls'"
            owed.remove(message["tool_call_id"])
            continue
        if owed:
            return f"tool_call_ids did not have response messages: {owed}"
        if role == "assistant":
            if not spoken:
                return "the conversation begins with the assistant"
            calls: list[dict[str, Any]] = message.get("tool_calls") or []
            owed = [call["id"] for call in calls]
            if not owed and not message.get("content"):
                return "an assistant message without content"
        spoken = spoken or role == "user"
    if owed:
        return f"tool_call_ids did not have response messages: {owed}"
    return "" if spoken else "nobody spoke"


def _wrong_tools(tools: list[dict[str, Any]]) -> str:
    for tool in tools:
        function: dict[str, Any] = tool.get("function") or {}
        parameters: Mapping[str, Any] = function.get("parameters") or {}
        if tool.get("type") != "function" or not function.get("name") or not function.get("description"):
            return f"a tool that is none: {tool}"
        if parameters.get("type") != "object":
            return f"parameters of {function['name']} that are no object"
    return ""
