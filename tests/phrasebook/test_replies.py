"""What people read: of options and modules, and where nothing is done."""

from datetime import UTC, datetime

import pytest

from agent.core.workload import WorkloadState
from agent.phrasebook.meaning import Say
from agent.phrasebook.replies import said, spoken
from agent.phrasebook.understand import understand
from agent.services.catalogue import Catalogue
from agent.tools.views import ModuleView, StatusView, WorkloadView

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def status(options: dict[str, dict[str, object]]) -> str:
    """What is said of a container with these options."""
    container = WorkloadView.model_validate(
        {
            "name": "dev",
            "state": WorkloadState.RUNNING,
            "modules": ("git",),
            "options": options,
            "addresses": (),
            "created_at": NOW,
            "observed_at": None,
        }
    )
    return said(
        StatusView(
            container=container, root=None, workspace=None, whole=None, node_seen_at=None, last_change=None
        )
    )


def test_a_status_tells_what_was_chosen() -> None:
    """Options with their values; defaults are not worth a line."""
    assert '- option `git.name`: `"Ann"`' in status({"git": {"name": "Ann"}})
    assert "option" not in status({})


def test_a_module_is_told_with_all_its_options() -> None:
    """What each accepts and is by default, ports, secrets, and what it does not go together with."""
    database = said(ModuleView.of(Catalogue().get("postgresql")))
    for fact in ("- `port`: ", "by default `5432`", "- port 5432/tcp: ", "- secret `postgresql.password`: "):
        assert fact in database
    assert "- does not go together with zsh" in said(ModuleView.of(Catalogue().get("fish")))


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("destroy everything", "I destroy containers only by their names"),
        ("update everything", "I update containers by their names"),
        ("my api key is sk-4711", "voxnix secrets give"),
    ],
)
def test_where_nothing_is_done_it_says_what_would(sentence: str, told: str) -> None:
    """And repeats no secret."""
    meaning = understand(sentence)
    assert isinstance(meaning, Say)
    reply = spoken(meaning, [])
    assert told in reply
    assert "sk-4711" not in reply
