"""The box fetches Debian from where this machine does."""

from pathlib import Path

import pytest

from scripts.boxes import mirror


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on PATH for programs that answer as apt's do."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for name in ("VOXNIX_DEBIAN_MIRROR", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    _program(tmp_path / "apt-config", "")
    return tmp_path


def _program(path: Path, says: str) -> None:
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\n")
    path.chmod(0o755)


def test_debians_own_mirror_is_used_for_another_release(apt: Path) -> None:
    """Debian 12's mirrors serve Debian 13; other repositories are left out."""
    _program(
        apt / "apt-get",
        "http://vendor.test/apt/ vendor-bookworm main\n"
        "http://mirror.test/debian/ bookworm main\n"
        "http://mirror.test/debian/ bookworm contrib\n"
        "http://mirror.test/debian/ bookworm-updates main\n"
        "http://mirror.test/debian-security/ bookworm-security main",
    )
    assert mirror.sources() == [
        "deb http://mirror.test/debian/ trixie main",
        "deb http://mirror.test/debian/ trixie-updates main",
        "deb http://mirror.test/debian-security/ trixie-security main",
    ]


def test_more_of_the_archive_comes_from_the_same_mirror(apt: Path) -> None:
    """Whoever needs contrib gets it from where main comes from."""
    _program(apt / "apt-get", "http://mirror.test/debian/ bookworm main")
    assert mirror.sources(("main", "contrib")) == [
        "deb http://mirror.test/debian/ trixie main contrib",
        "deb http://mirror.test/debian/ trixie-updates main contrib",
    ]


def test_a_machine_that_is_not_debian_names_no_mirror(apt: Path) -> None:
    """Ubuntu's archive has no Debian: the choice is mmdebstrap's, unless a person makes it."""
    _program(
        apt / "apt-get",
        "http://archive.test/ubuntu/ noble main\nhttp://archive.test/ubuntu/ noble-security main",
    )
    assert mirror.sources() == []


@pytest.mark.usefixtures("apt")
def test_a_person_may_choose_the_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    """VOXNIX_DEBIAN_MIRROR wins over what apt says."""
    monkeypatch.setenv("VOXNIX_DEBIAN_MIRROR", "http://mine.test/debian")
    assert mirror.sources()[0] == "deb http://mine.test/debian trixie main"


def test_how_to_fetch_is_carried_and_what_to_fetch_is_not(apt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies, retries and checks go into the box; index targets and paths of this machine do not."""
    _program(
        apt / "apt-config",
        'Acquire "";\nAcquire::http::Proxy "http://proxy.test:3142";\nAcquire::Check-Valid-Until "false";\n'
        'Acquire::IndexTargets::deb::Packages::MetaKey "x";\nAcquire::Languages "none";\n'
        'Acquire::https::CaInfo "/here/only.pem";\nDir::Cache "var/cache/apt";',
    )
    monkeypatch.setenv("http_proxy", "http://ignored.test")
    monkeypatch.setenv("https_proxy", "http://tls.test")
    assert mirror.settings() == [
        'Acquire::http::Proxy "http://proxy.test:3142";',
        'Acquire::Check-Valid-Until "false";',
        'Acquire::https::Proxy "http://tls.test";',
    ]
