"""Why nix failed: its log read for the one cause that a person can do something about."""

import json
import re

from pydantic import TypeAdapter

from agent.core.composition import SpecProblem, refusal
from agent.core.errors import BuildFailed, CommandTimedOut, MirrorUnreachable, NoSpace, VoxnixError
from agent.core.printable import one_line
from agent.host.nix_log import NixLog, name_of

QUOTED = 300
"""Characters of nix's own words in an error."""

_MARK = "voxnix: {"
_THROWN = TypeAdapter(SpecProblem)
_NO_ROOM = re.compile("No space left on device|Disk quota exceeded|database or disk is full")
_NO_MEMORY = re.compile(r"\bout of memory|std::bad_alloc|Cannot allocate memory")
_MISSING = re.compile(r"attribute '([^']*)' in selection path '[^']*' not found")
_MISMATCH = re.compile(
    r"hash mismatch in fixed-output derivation '([^']+)':\s*specified:\s*(\S+)\s*got:\s*(\S+)"
)
_TIMED_OUT = re.compile(r"\btimed out after \d+ seconds|of silence$")
# A daemon goes on with a few of the lines that the builder said.
_BUILDER = re.compile(r"builder for '([^']+)' (failed [^;]+)")
_UNREACHABLE = re.compile(
    r"unable to download '|cannot download \S+ from any mirror|\bcurl: \(\d+\)|Could not resolve host"
    r"|Temporary failure in name resolution"
)


def spec_problem(text: str) -> SpecProblem | None:
    """What our Nix code threw (``voxnix: {…}``), wherever it is in an error; None where it is not."""
    _, found, rest = text.partition(_MARK)
    if not found:
        return None
    try:
        _, end = json.JSONDecoder().raw_decode(f"{{{rest}")
        return _THROWN.validate_json(f"{{{rest}"[:end], strict=True, extra="forbid")
    except (ValueError, RecursionError):
        return None


def too_slow(log: NixLog, seconds: float, what: str, log_file: str) -> CommandTimedOut:
    """The error for a run of nix that was ended when its time was up.

    Args:
        log: all that it said.
        seconds: its time.
        what: what did not come about, as a sentence.
        log_file: where the whole log is; empty where it is nowhere.
    """
    why = f"It took longer than {seconds:.0f} seconds; the last was: {log.told.progress().label}."
    return CommandTimedOut(what, why, _see(log_file))


def explained(log: NixLog, code: int, what: str, log_file: str) -> VoxnixError:
    """The error for a run of nix that said this and failed.

    Args:
        log: all that it said.
        code: its exit code; negative for a signal.
        what: what did not come about, as a sentence.
        log_file: where the whole log is; empty where it is nowhere.
    """
    hint = _see(log_file)
    complaints = [complaint.text for complaint in log.complaints]
    for text in complaints:
        if (problem := spec_problem(text)) is not None:
            return refusal(problem)
    said = [*complaints, *log.loose, *_quotes(log, complaints)]
    if why := _line_with(_NO_ROOM, said):
        return NoSpace(
            "There is no room in the nix store.", why, f"Make room on the node's disk. {hint}".strip()
        )
    if why := _line_with(_TIMED_OUT, said):
        return CommandTimedOut(what, why, hint)
    if why := _line_with(_UNREACHABLE, said):
        advice = f"Look at the node's network and its substituters, then try again. {hint}".strip()
        return MirrorUnreachable("A package or its source cannot be fetched.", why, advice)
    return BuildFailed(what, _cause(log) or f"Nix gave no reason; its exit code was {code}.", hint)


def _see(log_file: str) -> str:
    return f"All that was said is in {log_file} on the node." if log_file else ""


def _cause(log: NixLog) -> str:
    complaints = [complaint.text for complaint in log.complaints]
    if _line_with(_NO_MEMORY, [*complaints, *log.loose]):
        return "Nix needed more memory than the setting evaluation_memory allows."
    for text in complaints:
        if known := _known(log, text):
            return known
    if log.complaints:
        # The last is about what was asked for; what began it is the first.
        first = log.complaints[0]
        return one_line(f"{first.text} (at {first.place})" if first.place else first.text, QUOTED)
    return one_line(" ".join(log.loose), QUOTED)


def _known(log: NixLog, text: str) -> str:
    """A complaint in better words; empty where there are none."""
    if match := _MISSING.search(text):
        return f"There is no attribute {match[1]}."
    if match := _MISMATCH.search(text):
        return f"The hash of {name_of(match[1])} is {match[3]}, and not {match[2]} as was specified."
    if match := _BUILDER.match(text):
        told = " ".join(log.said(match[1]))[-QUOTED:]
        why = f"The builder of {name_of(match[1])} {one_line(match[2], QUOTED)}."
        return f"{why} It said: {told}" if told else why
    return ""


def _quotes(log: NixLog, complaints: list[str]) -> list[str]:
    """The last lines of the builders that failed."""
    failed = [match[1] for text in complaints if (match := _BUILDER.match(text))]
    return [line for derivation in failed for line in log.said(derivation)]


def _line_with(pattern: re.Pattern[str], texts: list[str]) -> str:
    """The first line that has it; empty where none does."""
    lines = (line for text in texts for line in text.splitlines())
    return next((one_line(line, QUOTED) for line in lines if pattern.search(line)), "")
