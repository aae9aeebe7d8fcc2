"""The simulated ``systemd-run`` into a machine: a few commands, as far as they are believable."""

import base64
import re

from agent.host.guest_files import GET, PUT
from agent.host.simulated import script, zfs
from agent.host.simulated.programs import Call
from agent.host.simulated.units import active_state, end, root_tree
from agent.host.simulated.world import Answer

VERSIONS = {
    "git": "git version 2.47.3",
    "fish": "fish, version 4.0.2",
    "python3": "Python 3.13.5",
    "nodejs": "v20.19.2",
    "npm": "9.2.0",
}
"""What ``--version`` of a package's program of the same name says."""

PROGRAMS = {"node": "nodejs"}
"""Programs that are not called like their package."""

_FIXED = ("--quiet", "--collect", "--pipe", "--wait", "--expand-environment=no")


def systemd_run(call: Call) -> Answer:
    """``systemd-run --machine=… -- /usr/bin/env -- COMMAND``."""
    if tuple(call.argv[2:7]) != _FIXED or tuple(call.argv[11:14]) != ("--", "/usr/bin/env", "--"):
        raise call.unknown()
    machine, folder = call.argv[1], call.argv[8]
    name = machine.removeprefix("--machine=")
    if active_state(call.world.units.get(name), call.now) != "active":
        return Answer.no("Failed to connect to system scope bus via machine transport: Host is down")
    shell = Shell(call, name, folder.removeprefix("--property=WorkingDirectory=-"))
    return shell.run(call.argv[14:])


class Shell:
    """What a machine would answer.

    Args:
        call: the command that asks.
        machine: which one.
        folder: where it begins.
    """

    def __init__(self, call: Call, machine: str, folder: str) -> None:
        self._call = call
        self._machine = machine
        self._folder = folder if self._bound(folder) else "/"

    def run(self, argv: list[str]) -> Answer:
        """Run one command."""
        program, *words = argv
        tree = root_tree(self._call.world, self._machine)
        packages = tree.packages if tree else ()
        package = PROGRAMS.get(program, program)
        if package in VERSIONS:
            if package in packages and words in (["--version"], ["-v"]):
                return Answer(VERSIONS[package] + "\n")
            if package in packages:
                return Answer.no(f"{program}: the simulation knows only --version of it")
            return self._missing(program)
        known = {
            "true": Answer,
            "false": lambda: Answer(returncode=1),
            "echo": lambda: Answer(" ".join(words) + "\n"),
            "pwd": lambda: Answer(self._folder + "\n"),
            "id": lambda: Answer("uid=0(root) gid=0(root) groups=0(root)\n"),
            "whoami": lambda: Answer("root\n"),
            "hostname": lambda: Answer(self._hostname() + "\n"),
            "uname": lambda: Answer(
                "Linux\n" if not words else f"Linux {self._hostname()} 6.12.0 x86_64 GNU/Linux\n"
            ),
            "sleep": lambda: Answer(seconds=float(words[0]) if words else 0.0),
            "ls": lambda: self._ls([word for word in words if not word.startswith("-")]),
            "cat": lambda: self._cat(words),
            "rm": lambda: self._rm(words),
            "touch": lambda: self._write(words[0], "", append=True),
            "systemctl": lambda: self._systemctl(words),
            "sh": lambda: self._sh(words),
            "bash": lambda: self._sh(words),
        }
        answer = known.get(program.rpartition("/")[2])
        return answer() if answer else self._missing(program)

    @staticmethod
    def _missing(program: str) -> Answer:
        return Answer.no(f"env: \u2018{program}\u2019: No such file or directory", 127)

    def _hostname(self) -> str:
        return self._call.world.units[self._machine].hostname

    def _bound(self, path: str) -> tuple[str, str] | None:
        """The data set that a path inside is in, and the path from its root."""
        settings = self._call.world.files.get(f"/etc/systemd/nspawn/{self._machine}.nspawn", "")
        for source, target in re.findall(r"^Bind=(.*):(.*)$", settings, re.MULTILINE):
            if path == target or path.startswith(f"{target}/"):
                return zfs.holding(self._call.world, source + path.removeprefix(target))
        return None

    def _place(self, path: str) -> tuple[str, str] | None:
        full = path if path.startswith("/") else f"{self._folder.rstrip('/')}/{path}"
        return self._bound(full) or zfs.holding(self._call.world, f"/var/lib/machines/{self._machine}{full}")

    def _ls(self, words: list[str]) -> Answer:
        path = words[0] if words else self._folder
        place = self._place(path)
        if place is None:
            return Answer.no(f"ls: cannot access '{path}': No such file or directory", 2)
        dataset, inside = place
        files = self._call.world.datasets[dataset].files
        if inside in files:
            return Answer(f"{path}\n")
        below = f"{inside}/" if inside else ""
        names = {name.removeprefix(below).partition("/")[0] for name in files if name.startswith(below)}
        if inside and not names:
            return Answer.no(f"ls: cannot access '{path}': No such file or directory", 2)
        return Answer("".join(f"{name}\n" for name in sorted(names)))

    def _cat(self, words: list[str]) -> Answer:
        out = ""
        for path in words:
            place = self._place(path)
            content = self._call.world.datasets[place[0]].content(place[1]) if place else None
            if content is None:
                return Answer.no(f"cat: {path}: No such file or directory")
            out += content.decode(errors="replace")
        return Answer(out)

    def _write(self, path: str, text: str, *, append: bool) -> Answer:
        place = self._place(path)
        if place is None or not place[1]:
            return Answer.no(f"sh: 1: cannot create {path}: Directory nonexistent", 2)
        dataset, inside = place
        if why := zfs.refusal(self._call.world, dataset, len(text.encode()), self._call.sizes.pool):
            return Answer.no(f"sh: echo: I/O error: {why}")
        one = self._call.world.datasets[dataset]
        old = (one.content(inside) or b"") if append else b""
        one.put(inside, old + text.encode(), self._call.now)
        return Answer()

    def _rm(self, words: list[str]) -> Answer:
        flags = "".join(word[1:] for word in words if word.startswith("-"))
        for path in (word for word in words if not word.startswith("-")):
            place = self._place(path)
            if place is None:
                continue
            one, inside = self._call.world.datasets[place[0]], place[1]
            gone = [key for key in one.files if key == inside]
            if "r" in flags:
                gone += [key for key in one.files if key.startswith(f"{inside}/")]
            if not gone and "f" not in flags:
                return Answer.no(f"rm: cannot remove '{path}': No such file or directory")
            for key in gone:
                one.drop(key)
        return Answer()

    def _put(self, folder: str, *names: str) -> Answer:
        """The script that writes what it reads, under the first name that is free."""
        place = self._place(folder)
        if place is None:
            return Answer.no(f"sh: 2: cd: can't cd to {folder}", 2)
        dataset, above = place
        one, content = self._call.world.datasets[dataset], base64.b64decode(self._call.given)
        if why := zfs.refusal(self._call.world, dataset, len(content), self._call.sizes.pool):
            return Answer.no(f"base64: write error: {why}")
        for name in names:
            path = f"{above}/{name}" if above else name
            if path not in one.files and not any(key.startswith(f"{path}/") for key in one.files):
                one.put(path, content, self._call.now)
                return Answer(name)
        return Answer(returncode=3)

    def _get(self, path: str, limit: str) -> Answer:
        """The script that prints a file's size, and what is in it."""
        place = self._place(path)
        content = self._call.world.datasets[place[0]].content(place[1]) if place else None
        if content is None:
            return Answer(returncode=3 if self._ls([path]).returncode else 4)
        text = base64.b64encode(content).decode() if len(content) <= int(limit) else ""
        return Answer(f"{len(content)}\n{text}")

    def _systemctl(self, words: list[str]) -> Answer:
        """``systemctl`` as far as it ends the machine."""
        match words:
            case ["poweroff"]:
                end(self._call, self._machine, 0)
            case ["exit", status] if status.isdecimal():
                end(self._call, self._machine, int(status))
            case _:
                return Answer.no("systemctl: the simulation knows only poweroff and exit CODE")
        return Answer()

    def _sh(self, words: list[str]) -> Answer:
        """``sh -c`` of simple commands with ``;`` and ``&&`` between, and ``>`` into a file; and our own."""
        if words[:2] == ["-c", PUT]:
            return self._put(*words[3:])
        if words[:2] == ["-c", GET]:
            return self._get(*words[3:])
        if len(words) != 2 or not words[0].startswith("-") or not words[0].endswith("c"):  # noqa: PLR2004
            return Answer.no("sh: the simulation knows only sh -c COMMAND", 2)
        try:
            commands = script.commands(words[1])
        except script.UnreadableScript as error:
            return Answer.no(f"sh: 1: {error}", 2)
        out, err, seconds, code = "", "", 0.0, 0
        for command in commands:
            if command.if_well and code:
                continue
            if command.words[0] == "exit":
                code = int(command.words[1]) if command.words[1:] and command.words[1].isdecimal() else code
                break
            answer = self._simple(command)
            out, err = out + answer.stdout, err + answer.stderr
            seconds, code = seconds + answer.seconds, answer.returncode
        return Answer(out, err, code, seconds)

    def _simple(self, command: script.Command) -> Answer:
        answer = self.run(command.words)
        if answer.returncode == 127:  # noqa: PLR2004 - the shell's own words for it
            answer = Answer.no(f"sh: 1: {command.words[0]}: not found", 127)
        if not command.target:
            return answer
        written = self._write(command.target, answer.stdout, append=command.append)
        return Answer(
            "", answer.stderr + written.stderr, written.returncode or answer.returncode, answer.seconds
        )
