"""Programs on PATH that answer as a test wrote down, and refuse all that nobody did."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FAKE = """#!{python} -IS
import json, pathlib, sys
folder = pathlib.Path({folder!r})
said = [pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps(said) + "\\n")
script = json.loads((folder / "script").read_text())
for number, answer in enumerate(script):
    if answer["argv"] == said:
        if not answer["always"]:
            del script[number]
            (folder / "script").write_text(json.dumps(script))
        sys.stdout.write(answer["out"])
        sys.stderr.write(answer["err"])
        raise SystemExit(answer["code"])
sys.stderr.write(f"nobody scripted: {{said}}\\n")
raise SystemExit(97)
"""


@dataclass
class Programs:
    """A folder for PATH, with fakes in it.

    Attributes:
        folder: where they are.
        script: what they answer, in order; each answer is given once unless it is for always.
    """

    folder: Path
    script: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def put(self, *names: str) -> None:
        """Make fakes of these programs."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "calls").touch()
        (self.folder / "script").write_text("[]")
        for name in names:
            program = self.folder / name
            program.write_text(FAKE.format(python=sys.executable, folder=str(self.folder)))
            program.chmod(0o755)

    def answer(self, *argv: str, code: int = 0, out: str = "", err: str = "", always: bool = False) -> None:
        """Write down an answer to one exact command."""
        self.script.append({"argv": argv, "code": code, "out": out, "err": err, "always": always})
        (self.folder / "script").write_text(json.dumps(self.script))

    def calls(self) -> list[list[str]]:
        """What was called, in order."""
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]

    def unanswered(self) -> list[list[str]]:
        """What was written down and nobody asked for."""
        return [one["argv"] for one in json.loads((self.folder / "script").read_text()) if not one["always"]]
