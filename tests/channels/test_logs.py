"""The command's log, with what libraries write into it: in a process of its own, as it is for everybody."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOKEN = "7712345678:AAE_planted-tokenOfABot_0123456789ab"  # noqa: S105 - nobody's
KEY = "planted key/of a provider"
PROGRAM = """
import asyncio, logging, os, sys
os.environ["PTB_TIMEDELTA"] = "true"
sys.argv = ["voxnix", "--verbose", "doctor", "--simulate"]
from agent.__main__ import main
try:
    main()
except SystemExit:
    pass
from urllib.parse import quote
import httpx, telegram
token, key = os.environ["VOXNIX_TELEGRAM_TOKEN"], os.environ["VOXNIX_MODEL_API_KEY"]
logging.getLogger().setLevel(logging.DEBUG)
other = logging.StreamHandler(sys.stdout)
logging.getLogger("dbos").addHandler(other)
logging.getLogger("agent").info("the key is %s, %r", key, {"key": key})
logging.getLogger("dbos").warning("key=%s", quote(key, safe=""))
async def ask():
    def answer(request):
        return httpx.Response(401, json={"ok": False, "error_code": 401, "description": "Unauthorized"})
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        (await client.post(f"https://api.telegram.org/bot{token}/getMe")).raise_for_status()
try:
    asyncio.run(ask())
except httpx.HTTPStatusError:
    logging.getLogger("agent").exception("it failed")
try:
    raise telegram.error.InvalidToken(f"The token `{token}` was rejected by the server.")
except telegram.error.InvalidToken:
    logging.getLogger("dbos").exception("it failed again")
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """All that a process says which does all it can to tell."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env=os.environ
        | {
            "VOXNIX_STATE_DIR": str(tmp_path_factory.mktemp("state")),
            "VOXNIX_TELEGRAM_TOKEN": TOKEN,
            "VOXNIX_MODEL_API_KEY": KEY,
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return ran.stdout + ran.stderr


def test_everything_was_said(said: str) -> None:
    """Each message is there, and each traceback: by our handler and by a library's."""
    assert "the key is ***, {'key': '***'}" in said
    assert said.count("key=***") == 2
    assert "HTTP Request: POST https://api.telegram.org/bot***/getMe" in said
    assert said.count("httpx.HTTPStatusError: ") == 1
    assert said.count("telegram.error.InvalidToken: The token `***` was rejected by the server.") == 2


def test_no_log_holds_a_secret(said: str) -> None:
    """Neither the token nor the key, and not their halves."""
    assert "planted" not in said
