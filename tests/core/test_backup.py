"""Backups as values: places, and chains of pieces."""

from datetime import UTC, datetime

import pytest

from agent.core.backup import Archive, Folder, Manifest, Part, Piece, Place, Remote, parsed_place
from agent.core.errors import InvalidRequest
from agent.core.workload import ContainerSpec, Generation

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ONE, TWO, THREE = (f"voxnix-backup-2026010{day}T030405Z-abc" for day in (1, 2, 3))


def piece(part: Part, snapshot: str, base: str = "") -> Piece:
    """A stream of ten bytes."""
    file = f"{snapshot}.{part}.zfs"
    return Piece.model_validate(
        {"part": part, "snapshot": snapshot, "guid": "12", "base": base, "file": file, "size": 10}
    )


def manifest(*pieces: Piece) -> Manifest:
    """One that has these."""
    return Manifest(
        id="abc",
        owner="ann",
        generation=Generation(spec=ContainerSpec(name="dev")),
        builder="debian",
        uid_base=0,
        made_at=MOMENT,
        taken_at=MOMENT,
        pieces=pieces,
    )


WHOLE = (
    piece(Part.ROOT, THREE),
    piece(Part.WORKSPACE, ONE),
    piece(Part.WORKSPACE, THREE, TWO),
    piece(Part.WORKSPACE, TWO, ONE),
)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("/mnt/usb", Folder("/mnt/usb")),
        ("/mnt/my disk/", Folder("/mnt/my disk")),
        ("/mnt/usb/dev.zfs", Archive("/mnt/usb/dev.zfs")),
        ("ssh://ann@nas/tank/backups", Remote("ann", "nas", None, "tank/backups")),
        ("ssh://ann@nas.example.org:2222/tank", Remote("ann", "nas.example.org", 2222, "tank")),
        ("ssh://ann@[fd00::1]/tank/a", Remote("ann", "fd00::1", None, "tank/a")),
    ],
)
def test_a_place_is_a_folder_a_file_or_another_machine(text: str, place: Place) -> None:
    """It is written as it was read."""
    assert parsed_place(text) == place
    assert str(place) == text.rstrip("/")


@pytest.mark.parametrize(
    "text",
    [
        *("", "/", "mnt/usb", "/mnt/../etc", "/mnt/./usb", "/mnt//usb", "/mnt/a\nb", "/" + 1000 * "a"),
        *("/proc/x", "/dev", "/sys/x", "/var/lib/machines/dev/workspace", "/var/lib/voxnix/workspaces/dev"),
        *("ssh://nas/tank", "ssh://ann@nas", "ssh://ann:secret@nas/tank", "ssh://-oProxyCommand=x@nas/tank"),
        *("ssh://ann@-oProxyCommand=x/tank", "ssh://ann@nas/tank;reboot", "ssh://ann@nas/tank@x"),
        *("ssh://ann@nas/tank?x=1", "ssh://ann@nas:port/tank", "ssh://ann@[nas/tank", "ssh://ann@nas/a/-x"),
        "ssh://ann@nas/a//b",
    ],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    """With what one is; nothing of it ever becomes an option of ssh, or a word of a shell."""
    with pytest.raises(InvalidRequest, match="ssh://USER@HOST/POOL/DATASET"):
        parsed_place(text)


def test_a_chain_begins_with_a_whole_stream() -> None:
    """Whatever their order is in the manifest; each part has a chain of its own."""
    whole = manifest(*WHOLE)
    assert [one.snapshot for one in whole.chain(Part.WORKSPACE)] == [ONE, TWO, THREE]
    assert [one.snapshot for one in whole.chain(Part.ROOT)] == [THREE]
    assert whole.newest(Part.WORKSPACE).snapshot == THREE
    assert whole.size == 40
    assert Manifest.read(whole.model_dump_json(), "/mnt") == whole


@pytest.mark.parametrize("gone", range(4))
def test_a_broken_chain_is_refused(gone: int) -> None:
    """It says what is missing."""
    left = [one for number, one in enumerate(WHOLE) if number != gone]
    with pytest.raises(InvalidRequest, match="not whole") as refused:
        Manifest.read(manifest(*left).model_dump_json(), "/mnt")
    assert {0: "root", 1: ONE, 2: "same moment", 3: TWO}[gone] in str(refused.value)


def test_a_chain_that_bites_its_tail_is_refused() -> None:
    """It would have no beginning."""
    with pytest.raises(InvalidRequest, match="not whole"):
        manifest(piece(Part.ROOT, ONE, TWO), piece(Part.ROOT, TWO, ONE)).chain(Part.ROOT)
    with pytest.raises(InvalidRequest, match="not whole"):
        manifest(piece(Part.ROOT, ONE, TWO), piece(Part.ROOT, TWO, ONE), piece(Part.ROOT, THREE, TWO)).chain(
            Part.ROOT
        )


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"version": 2}', "no JSON"])
def test_what_is_no_manifest_is_refused(text: str) -> None:
    """It says where it was found."""
    with pytest.raises(InvalidRequest, match="/mnt/dev is not a backup"):
        Manifest.read(text, "/mnt/dev")


def test_no_manifest_names_a_file_elsewhere() -> None:
    """Whoever wrote it: a file stands beside it."""
    text = manifest(*WHOLE).model_dump_json().replace(f"{ONE}.workspace.zfs", "../../etc/shadow")
    with pytest.raises(InvalidRequest, match="not a backup"):
        Manifest.read(text, "/mnt/dev")
