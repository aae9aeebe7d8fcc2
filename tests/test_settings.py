from datetime import UTC
from pathlib import Path

import pytest

from agent import settings
from agent.core.errors import InvalidSettings


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Both are read, and an argument wins over both."""
    file = tmp_path / "settings.toml"
    file.write_text('pool = "filepool"\nbridge = "br0"\n')
    monkeypatch.setenv("VOXNIX_SETTINGS", str(file))
    monkeypatch.setenv("VOXNIX_POOL", "envpool")
    assert (settings.load().pool, settings.load().bridge) == ("envpool", "br0")
    assert settings.load(pool="mine").pool == "mine"


def test_a_setting_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the nearest name that does."""
    monkeypatch.setenv("VOXNIX_POOOL", "tank")
    with pytest.raises(InvalidSettings, match=r"no setting VOXNIX_POOOL.*pool"):
        settings.load()


def test_an_unknown_setting_in_the_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A typing mistake in the file is not ignored."""
    file = tmp_path / "settings.toml"
    file.write_text('brigde = "br0"\n')
    monkeypatch.setenv("VOXNIX_SETTINGS", str(file))
    with pytest.raises(InvalidSettings, match=r"no setting brigde.*bridge"):
        settings.load()


def test_a_file_that_does_not_parse_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error says which file."""
    file = tmp_path / "settings.toml"
    file.write_text("pool = tank")
    monkeypatch.setenv("VOXNIX_SETTINGS", str(file))
    with pytest.raises(InvalidSettings, match=r"settings\.toml cannot be read"):
        settings.load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "mysql://x"),
        ("pool", "a/b"),
        ("node_name", "UPPER"),
        ("owner", "No Good"),
        ("workload_quota", "lots"),
        ("owner_quota", "no"),
        ("trash_days", "0"),
        ("trash_high_water", "101"),
        ("upload_max", "20 MB"),
        ("memory_max", "0G"),
        ("max_modules", "0"),
        ("simulate", "perhaps"),
        ("model_base_url", "localhost"),
        ("bridge", "x" * 16),
        ("timezone", "Europe/Atlantis"),
        ("timezone", "../passwd"),
    ],
)
def test_a_wrong_value_is_named_with_what_the_setting_is_for(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """The person learns which setting and what it wants, not how pydantic is built."""
    monkeypatch.setenv(f"VOXNIX_{name.upper()}", value)
    with pytest.raises(InvalidSettings, match=name) as caught:
        settings.load()
    assert caught.value.exit_code == 2
    assert "pydantic" not in str(caught.value)


def test_the_key_of_a_model_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in a representation nor in a dump."""
    monkeypatch.setenv("VOXNIX_MODEL_API_KEY", "sk-secret")
    loaded = settings.load()
    assert "sk-secret" not in f"{loaded!r} {loaded.model_dump()} {loaded.model_dump_json()}"


def test_all_that_is_secret_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, the password in a URL, and providers' own variables; as they are, and as URLs have them."""
    monkeypatch.setenv("VOXNIX_TELEGRAM_TOKEN", "12:token")
    monkeypatch.setenv("GROQ_API_KEY", "a key")
    monkeypatch.setenv("VOXNIX_DATABASE_URL", "postgresql://ann:pass%20word@host/db")
    secret = settings.load(model_api_key="m/key", logfire_token="trace").secrets  # noqa: S106
    assert secret >= {"12:token", "12%3Atoken", "a key", "a%20key", "m/key", "m%2Fkey", "trace"}
    assert secret >= {"pass word", "pass%20word"}


def test_every_setting_says_what_it_is_for() -> None:
    """A setting without a description cannot be explained in an error."""
    assert all(field.description for field in settings.Settings.model_fields.values())


def test_a_simulation_has_a_database_of_its_own(tmp_path: Path) -> None:
    """Whatever database_url says: what is made up never stands beside what is real."""
    real = settings.load(state_dir=tmp_path)
    simulated = settings.load(state_dir=tmp_path, simulate=True, database_url="postgresql://a@b/c")
    assert simulated.database.startswith("sqlite:")
    assert simulated.database != real.database
    assert simulated.state_folder != real.state_folder


def test_postgresql_gets_its_driver() -> None:
    """A plain URL, as other programs take it, is enough."""
    assert settings.load(database_url="postgresql://a@b/c").database == "postgresql+psycopg://a@b/c"


@pytest.mark.parametrize(("given", "size"), [("1K", 1024), ("20M", 20 << 20), ("3G", 3 << 30)])
def test_the_limit_of_a_file_is_counted_in_binary_units(given: str, size: int) -> None:
    """As ZFS counts a quota."""
    assert settings.load(upload_max=given).upload_bytes == size


def test_the_time_zone_is_the_machines_own_unless_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quiet hours are meant in it; a rule that is no name is taken for UTC."""
    monkeypatch.setenv("TZ", ":America/St_Johns")
    assert settings.load().timezone == "America/St_Johns"
    monkeypatch.setenv("TZ", "CET-1CEST")
    assert settings.load().zone is UTC
    assert str(settings.load(timezone="Europe/Berlin").zone) == "Europe/Berlin"
