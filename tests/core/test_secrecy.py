import pytest

from agent.core import secrecy
from agent.core.errors import HostFailure, problem_of
from agent.core.secrecy import hidden, keep

TOKEN = "7712345678:AAE_planted-tokenOfABot_0123456789ab"  # noqa: S105 - nobody's


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrecy, "_known", set[str]())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"The token `{TOKEN}` was rejected by the server.", "The token `***` was rejected by the server."),
        (f"POST https://api.telegram.org/bot{TOKEN}/getMe", "POST https://api.telegram.org/bot***/getMe"),
        (f"GET /file/bot{TOKEN.replace(':', '%3A')}/a.oga", "GET /file/bot***/a.oga"),
        ("postgresql://ann:s3cr/et@host/db", "postgresql://ann:s3cr/et@host/db"),
        ("postgresql://ann:s3cret@host/db is closed", "postgresql://***@host/db is closed"),
        ("host=db password=s3cret user=ann", "host=db password=*** user=ann"),
        ("tg:7712345678:123456789 at 12:34:56", "tg:7712345678:123456789 at 12:34:56"),
        ("https://example.org/a:b@c", "https://example.org/a:b@c"),
    ],
)
def test_what_looks_secret_is_hidden(text: str, shown: str) -> None:
    """Whoever's it is; what only resembles it stays."""
    assert hidden(text) == shown


def test_what_is_known_to_be_secret_is_hidden() -> None:
    """Wherever it stands, the longer one before what is a part of it; what is too short stays."""
    keep(["planted-key", "planted-key-2", "short", ""])
    assert hidden("planted-key-2, xplanted-keyx, short") == "***, x***x, short"


def test_no_error_that_is_shown_holds_a_secret() -> None:
    """Neither those of libraries, wherever they are cut, nor our own; for people and for programs."""
    keep(["planted-key"])
    for padding in range(250, 300):
        assert "plan" not in str(problem_of(ValueError("x" * padding + "planted-key")))
    said = "planted-key is wrong"
    problem = problem_of(HostFailure(said, said, said, about={"key": said}))
    assert "planted" not in str(problem.as_dict())
    assert problem.as_dict()["about"] == {"key": "*** is wrong"}
