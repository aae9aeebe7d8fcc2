"""`scripts/try --telegram`: the bot, on a Telegram of its own with a page to chat in, or on the real one."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
REAL = "https://api.telegram.org"
PEOPLE = ("Ann", "Ben")
PATIENCE = 60.0
"""Seconds for the bot to greet the first person; importing everything takes some on a slow machine."""


class Trouble(Exception):
    """Something that a person can mend; said without a traceback."""


@dataclass(frozen=True)
class Machine:
    """Where the bot runs: in a box, or here on a simulated machine."""

    box: str
    """The box's name; empty where there is none."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """What is set for all that runs there."""

    @classmethod
    def simulated(cls, state: Path) -> Machine:
        """A simulated machine that keeps its state in a folder."""
        return cls("", {"VOXNIX_SIMULATE": "true", "VOXNIX_STATE_DIR": str(state)})

    def voxnix(self, *words: str) -> list[str]:
        """The command that runs `voxnix` there."""
        return (
            [*self._enter(), "voxnix", *words] if self.box else [sys.executable, "-P", "-m", "agent", *words]
        )

    def telegram(self, *words: str) -> list[str]:
        """The command that runs the fake Telegram there."""
        module = ["-m", "tests.telegram.serve", *words]
        if not self.box:
            return [sys.executable, *module]
        # The checkout is mounted in the box, with the locked packages beside it.
        python = ["env", "PYTHONPATH=/opt/voxnix/src", "/opt/voxnix/venv/bin/python"]
        return [*self._enter(), *python, *module]

    def _enter(self) -> list[str]:
        return [str(ROOT / "scripts/box"), "run", "--name", self.box]

    def asked(self, *words: str) -> dict[str, Any]:
        """What a `voxnix` command answers in JSON."""
        done = subprocess.run(
            self.voxnix(*words, "--json"),
            env=self._variables(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        answer = json.loads(done.stdout or "{}")
        if done.returncode:
            problem = answer.get("error", {})
            raise Trouble(
                problem.get("what") or done.stderr.strip() or f"voxnix ended with {done.returncode}."
            )
        return answer

    @contextmanager
    def running(
        self, command: Sequence[str], more: Mapping[str, str], *, sockets: Sequence[socket.socket] = ()
    ) -> Generator[subprocess.Popen[str]]:
        """A command for the length of a block; at its end nothing of it is left."""
        process = subprocess.Popen(
            command,
            env={**self._variables(), **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=[one.fileno() for one in sockets],
            start_new_session=True,  # Ctrl-C is for us, who end it in order
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait()

    def _variables(self) -> dict[str, str]:
        # What is named after Voxnix is taken for one of its settings; these belong to the scripts.
        ours = () if self.box else ("VOXNIX_CACHE", "VOXNIX_DEBIAN_MIRROR")
        return {name: value for name, value in os.environ.items() if name not in ours} | {
            "PYTHONPATH": str(ROOT),
            **self.environment,
        }


def say(text: str) -> None:
    """Tell the person at the terminal."""
    sys.stderr.write(f"{text}\n")


def with_a_page(machine: Machine) -> None:
    """Chat in a browser, with a Telegram that is none."""
    token = f"{secrets.randbelow(9 * 10**9) + 10**9}:{secrets.token_urlsafe(26)}"
    with ExitStack() as running:
        # A socket belongs to the network in which it was made. The bot reaches the fake in the box's, and a
        # browser by this one in ours: nothing of the box is opened to anybody else.
        ours = running.enter_context(socket.create_server(("127.0.0.1", 0)))
        options = ["--token", token, "--people", *PEOPLE, "--fd", str(ours.fileno())]
        # A box may know those who were here before, and this Telegram knows nothing of them.
        options += ["--seed", str(secrets.randbelow(2**32))]
        fake = running.enter_context(machine.running(machine.telegram(*options), {}, sockets=[ours]))
        inside = (fake.stdout.readline() if fake.stdout else "").strip()
        if not inside:
            raise Trouble("The fake Telegram did not start; it says why above.")
        page = f"http://127.0.0.1:{ours.getsockname()[1]}"
        settings = {"VOXNIX_TELEGRAM_TOKEN": token, "VOXNIX_TELEGRAM_API": inside}
        bot = running.enter_context(machine.running(machine.voxnix("bot"), settings))
        _let_in_the_first(machine, page, bot)
        first, second = PEOPLE
        say(f"\n  {page}\n")
        say(f"That page is a chat with the bot. {first} is its admin, and {second} is a stranger: say")
        say(f"something as {second}, and {first} gets a button to let them in. Ctrl-C ends it all.")
        _browse(page)
        _wait(fake, bot)


def _let_in_the_first(machine: Machine, page: str, bot: subprocess.Popen[str]) -> None:
    """Have the first person knock, and let them in as whoever has the machine would."""
    seen = _control(page, "overview", most=len(PEOPLE))
    person, chat = seen["people"][0]["id"], seen["bots"][0]["id"]
    account = f"tg:{person}"
    _control(page, "say", person=person, chat=chat, text="/start")
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and bot.poll() is None:
        for waits in machine.asked("access", "list")["pairings"]:
            if waits["account"] == account:
                machine.asked("access", "approve", waits["code"], "--role", "admin")
                return
        time.sleep(0.3)
    raise Trouble("The bot does not answer; it says why above.")


def _control(page: str, verb: str, **params: object) -> Any:  # noqa: ANN401 - JSON
    """Do something on the side of people."""
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{page}/control/{verb}", json.dumps(params).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.load(answer)["result"]


def for_real(machine: Machine, token: str) -> None:
    """Talk on Telegram itself."""
    username = _username(os.environ.get("VOXNIX_TELEGRAM_API", REAL), token)
    with machine.running(machine.voxnix("bot"), {"VOXNIX_TELEGRAM_TOKEN": token}) as bot:
        say(f"\n  https://t.me/{username}\n")
        say("That is your bot. Whoever writes to it gets a code: type yours here, and you are its admin.")
        say("Ctrl-C ends it.")
        while True:
            code = _wait(bot, typing=sys.stdin.isatty())
            try:
                made = machine.asked("access", "approve", code, "--role", "admin")
                say(f"{made['account']['name']} is an admin now, and lets others in with a button.")
            except Trouble as trouble:
                say(str(trouble))


def _username(api: str, token: str) -> str:
    try:
        with urllib.request.urlopen(f"{api}/bot{token}/getMe", timeout=20) as answer:  # noqa: S310
            return json.load(answer)["result"]["username"]
    except urllib.error.HTTPError as error:
        known = error.code in {401, 404}
        raise Trouble(
            "Telegram does not know the token in TELEGRAM_BOT_TOKEN: @BotFather has the right one."
            if known
            else f"Telegram answers with {error.code}. Try again in a while."
        ) from None
    except (OSError, ValueError) as error:  # its text may hold the address, and with it the token
        raise Trouble(f"Telegram cannot be reached ({type(error).__name__}).") from None


def _browse(page: str) -> None:
    """Open a page where there is somebody with a screen."""
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    screen = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if screen and shutil.which(opener):
        silent = subprocess.DEVNULL
        subprocess.Popen([opener, page], stdin=silent, stdout=silent, stderr=silent, start_new_session=True)


def _wait(*processes: subprocess.Popen[str], typing: bool = False) -> str:
    """What somebody types at the terminal. What runs meanwhile does not end by itself.

    Raises:
        Trouble: it did.
    """
    while all(one.poll() is None for one in processes):
        if not typing:
            time.sleep(0.2)
        elif select.select([sys.stdin], [], [], 0.2)[0]:
            line = sys.stdin.readline()
            typing = bool(line)  # the terminal may be gone
            if line.strip():
                return line.strip()
    raise Trouble("It ended by itself; it says why above.")


def main() -> int:
    """Run until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="scripts/try --telegram")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--box", metavar="NAME", help="the box in which the bot runs")
    where.add_argument("--state", type=Path, help="folder for the state of a simulated machine instead")
    given = parser.parse_args()
    machine = Machine(given.box) if given.box else Machine.simulated(given.state)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        token = os.environ.get("TELEGRAM_BOT_TOKEN", "")
        if token:
            for_real(machine, token)
        else:
            with_a_page(machine)
    except KeyboardInterrupt:
        say("Ended.")
    except Trouble as trouble:
        say(f"try: {trouble}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
