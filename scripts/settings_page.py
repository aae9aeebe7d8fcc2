"""Prints docs/settings.md: every setting with its type, default and what it changes."""

import sys
from pathlib import Path
from typing import get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from agent.settings import DEFAULT_FILE, FILE_VARIABLE, PREFIX, Settings

HEAD = f"""\
# Settings

Read once, from `{DEFAULT_FILE}` (TOML; another file by `{FILE_VARIABLE}`) and from the environment,
which wins: `pool` is `{PREFIX}POOL` there. A setting that is wrong or unknown is named with what it accepts,
and nothing is started.

| setting | default | what it is |
|---|---|---|
"""
DERIVED = {
    "state_dir": "`/var/lib/voxnix` for root, else `~/.local/state/voxnix`",
    "node_name": "the host's name",
    "timezone": "the machine's own",
}
"""Defaults that depend on the machine."""


def default(name: str, field: FieldInfo) -> str:
    """A default as the page shows it."""
    if name in DERIVED:
        return DERIVED[name]
    secret = field.annotation is SecretStr or SecretStr in get_args(field.annotation)
    if field.default in (None, "") or secret:
        return "none"
    shown = str(field.default).lower() if isinstance(field.default, bool) else field.default
    return f"`{shown.as_posix() if isinstance(shown, Path) else shown}`"


def page() -> str:
    """The whole page."""
    rows = [
        f"| `{name}` | {default(name, field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
