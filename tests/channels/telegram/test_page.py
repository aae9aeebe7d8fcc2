"""docs/telegram.md, held against what there is."""

import re
from pathlib import Path

from agent.channels.telegram.menus import entries
from agent.phrasebook.preferences import PREFERENCES
from agent.settings import PREFIX, Settings
from agent.texts import texts_for

PAGE = (Path(__file__).parents[3] / "docs/telegram.md").read_text()


def test_its_settings_exist() -> None:
    """As variables, and as names in code spans with an underscore in them."""
    known = set(Settings.model_fields)
    variables = {name.lower() for name in re.findall(rf"{PREFIX}(\w+)=", PAGE)}
    assert {"telegram_token", "telegram_webhook", "transcription_base_url"} <= variables
    assert variables <= known
    assert set(re.findall(r"`([a-z]+_[a-z_]+)`", PAGE)) <= known


def test_its_commands_exist() -> None:
    """But for @BotFather's own."""
    named = set(re.findall(r"`/([a-z]+)", PAGE)) - {"newbot", "telegram", "workspace"}
    assert {"reset", "export", "cancel"} <= named
    assert named <= {entry.name for entry in entries(texts_for("en"))} | PREFERENCES.keys()
