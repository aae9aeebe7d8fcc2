"""What came of a soak, for people."""

from collections import Counter
from dataclasses import dataclass, field

from tests.faults.ledger import Ledger

STATES = ("done", "failed", "cancelled", "denied", "proposed", "queued", "running")
HEARD = ("operation ", "within ", "one ")
"""How answers begin that are no refusals."""


@dataclass
class Report:
    """What came of it.

    Attributes:
        violations: what may never be, a sentence each.
        deaths: of workers, by sort.
        checks: how often all was looked at.
        answers: of the product to people, by what they did and what it said.
        operations: by kind and state.
        failures: of operations, by what they say.
        ledger: of what people wrote.
        simulated: seconds on the node's clock while it was switched on.
        off: seconds while it was not.
        real: seconds.
    """

    violations: list[str] = field(default_factory=list[str])
    deaths: Counter[str] = field(default_factory=Counter[str])
    checks: int = 0
    answers: Counter[str] = field(default_factory=Counter[str])
    operations: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    failures: Counter[str] = field(default_factory=Counter[str])
    ledger: Ledger = field(default_factory=Ledger)
    simulated: float = 0.0
    off: float = 0.0
    real: float = 0.0

    def __str__(self) -> str:
        forgiven = ", ".join(f"{count} {why}" for why, count in self.ledger.forgiven.most_common())
        refused = ", ".join(f"{count} {code}" for code, count in self._refused().most_common(8))
        failed = ", ".join(f"{count} {code}" for code, count in self.failures.most_common())
        took = f"{self.simulated / 60:.0f} minutes simulated in {self.real:.0f} s"
        lines = [
            *self._table(),
            "",
            f"time: {took}, and {self.off / 3600:.0f} hours besides for which the node was switched off",
            f"deaths of workers: {', '.join(f'{count} {sort}' for sort, count in self.deaths.items())}",
            f"refused: {refused or 'nothing'}",
            f"failed: {failed or 'nothing'}",
            f"asked twice with one key: {self.answers['asked twice: one operation']}, one operation each",
            f"contents: {self.ledger.written} written, {len(self.ledger.accounts)} kept; {forgiven}",
            f"checks: {self.checks}, violations: {len(self.violations)}",
        ]
        return "".join(f"{line}\n" for line in lines)

    def _table(self) -> list[str]:
        """The operations in Markdown."""
        kinds = sorted({kind for kind, _ in self.operations})
        states = [state for state in STATES if any(self.operations[kind, state] for kind in kinds)]
        rows = {kind: [self.operations[kind, state] for state in states] for kind in kinds}
        rows["all"] = [sum(self.operations[kind, state] for kind in kinds) for state in states]
        lines = [["operation", *states], ["---"] * (len(states) + 1)]
        lines += [[kind, *map(str, counts)] for kind, counts in rows.items()]
        return [f"| {' | '.join(line)} |" for line in lines]

    def _refused(self) -> Counter[str]:
        """The refusals, by what they say."""
        refused = Counter[str]()
        for answer, count in self.answers.items():
            code = answer.partition(": ")[2]
            if not code.startswith(HEARD):
                refused[code] += count
        return refused
