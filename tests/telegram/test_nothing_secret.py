"""Nothing secret leaves the bot: a talk in which all goes wrong, with all that is told of it, searched."""

import asyncio
import gzip
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scripts.try_telegram import Machine
from tests.telegram.client import Telegram, serving
from tests.telegram.faults import Fault
from tests.telegram.people import Talk

ROOT = Path(__file__).parents[2]
TOKEN = "7712345678:AAEplanted_tokenOfTheBot0123456789"  # noqa: S105 - nobody's
KEYS = {
    "VOXNIX_MODEL_API_KEY": "sk-planted/model key",
    "VOXNIX_TRANSCRIPTION_API_KEY": "sk-planted-transcription",
    "VOXNIX_LOGFIRE_TOKEN": "pylf_v1_us_planted",
    "GROQ_API_KEY": "gsk_planted_provider",
}
PROGRAM = """
import logging
logging.getLogger().setLevel(logging.DEBUG)
from agent.__main__ import main
main()
"""
LONG = 60.0
SPEECH = b"OggS" + bytes(24) + b"OpusHead" + bytes(64)


@dataclass
class Failing:
    """Services on the internet that fail, and put keys into what they say; spans are taken all the same.

    Attributes:
        spans: what was traced.
        asked: for what else.
        url: where they are.
    """

    spans: list[bytes] = field(default_factory=list[bytes])
    asked: list[str] = field(default_factory=list[str])
    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    services: Failing

    def do_POST(self) -> None:
        """Fail, in another way each time."""
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/v1/traces":
            self.services.spans.append(gzip.decompress(body))
            self._answer(200, {})
            return
        self.services.asked.append(self.path)
        key = self.headers.get("authorization", "").removeprefix("Bearer ")
        status = 401 if len(self.services.asked) % 2 else 400
        self._answer(status, {"error": {"message": f"Incorrect API key provided: {key}", "code": key}})

    def do_GET(self) -> None:
        """Nothing is to be had."""
        self._answer(404, {})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""

    def _answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture(scope="module")
def services() -> Generator[Failing]:
    """What fails."""
    failing = Failing()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"services": failing}))
    failing.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield failing
    server.shutdown()
    server.server_close()
    thread.join()


async def talk(telegram: Telegram, ann: Talk, machine: Machine) -> None:
    """Say things, while Telegram, the model and the speech server fail one after the other."""
    ann.says("hello")
    await ann.hears("this code", LONG)
    (waits,) = (await asyncio.to_thread(machine.asked, "access", "list"))["pairings"]
    await asyncio.to_thread(machine.asked, "access", "approve", waits["code"], "--role", "admin")
    ann.says("create a container called dev with git")
    await ann.hears("dev is running", LONG)
    refused = (Fault(401), Fault(404), Fault(409), Fault(429, retry_after=1), Fault(500))
    for fault in (*refused, Fault(drop="before")):
        telegram.fault(fault, method="getupdates")
        telegram.fault(fault, method="sendMessage")
        ann.says("/list")
        # It says the list late, or what went wrong with it.
        await ann.hears(lambda seen: bool(seen.text), LONG)
    ann.sends_voice(SPEECH)
    await ann.hears("speech server", LONG)
    ann.says("run echo hello in dev")
    await ann.hears("hello", LONG)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, services: Failing) -> dict[str, str]:
    """All that has left the process, by where it went."""
    folder = tmp_path_factory.mktemp("state")
    machine = Machine.simulated(folder)
    log = folder / "log"
    with serving(seed=77) as telegram:
        account = telegram.bot(token=TOKEN)
        environment = {
            # Logfire sends nothing where it sees pytest.
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            **machine.environment,
            **KEYS,
            "PYTHONPATH": str(ROOT),
            "VOXNIX_TELEGRAM_TOKEN": TOKEN,
            "VOXNIX_TELEGRAM_API": telegram.url,
            "VOXNIX_MODEL": "openai:gpt-5",
            "VOXNIX_MODEL_BASE_URL": f"{services.url}/v1",
            "VOXNIX_TRANSCRIPTION": "server",
            "VOXNIX_TRANSCRIPTION_BASE_URL": f"{services.url}/v1",
            "LOGFIRE_BASE_URL": services.url,
        }
        argv = [sys.executable, "-c", PROGRAM, "--verbose", "bot"]
        with log.open("wb") as file:
            process = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=file, stderr=file)
            try:
                asyncio.run(talk(telegram, telegram.person("Ann").opens(account), machine))
            finally:
                process.terminate()
                process.wait()
        assert not telegram.unknown
        calls = json.dumps(telegram.calls())
    return {
        "log": log.read_text(),
        "spans": b"".join(services.spans).decode(errors="replace"),
        "messages": calls,
        "database": "".join(_rows(file) for file in folder.rglob("*.db")),
    }


def _rows(file: Path) -> str:
    with closing(sqlite3.connect(file)) as database:
        return "\n".join(database.iterdump())


def test_it_was_told(told: dict[str, str], services: Failing) -> None:
    """All that could hold a secret is there: requests, failures with tracebacks, spans, rows and words."""
    assert "/bot***/getMe" in told["log"]
    assert "Traceback" in told["log"]
    assert "Telegram does not accept the token" in told["log"]
    assert "the model did not answer: ModelAuthenticationError (HTTP 401)" in told["log"]
    assert {"/v1/chat/completions", "/v1/audio/transcriptions"} <= set(services.asked)
    assert "ModelAuthenticationError" in told["spans"]
    assert "Incorrect API key provided: " in told["messages"]
    assert "create a container called dev" in told["database"]


@pytest.mark.parametrize("where", ["log", "spans", "messages", "database"])
def test_nothing_secret_was_told(told: dict[str, str], where: str) -> None:
    """Neither a token nor a key, nor half of one."""
    assert [line for line in told[where].splitlines() if "planted" in line] == []
