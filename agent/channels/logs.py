"""What the process says about itself: nothing secret is in it, whoever writes it and wherever it goes."""

import logging

from agent.core.secrecy import hidden


class DiscreetRecord(logging.LogRecord):
    """An entry of a log, as each handler gets it, those of libraries too: DBOS has one of its own."""

    def getMessage(self) -> str:  # noqa: N802 - as the library calls it
        """What is said, with its arguments filled in."""
        return hidden(super().getMessage())

    def __setattr__(self, name: str, value: object) -> None:
        """Set a field. A formatter puts the traceback into one, before it appends that to the message."""
        super().__setattr__(name, hidden(value) if name == "exc_text" and isinstance(value, str) else value)
