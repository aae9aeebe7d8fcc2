"""What this ZFS can do and what it says of itself: OpenZFS and zfs-fuse alike."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.core.errors import CommandFailed, HostFailure, NoSpace
from agent.host.simulated import Pace, SimulatedNode
from agent.host.zfs import Capabilities, Difference, Filled, Zfs, receive_argv, send_argv
from tests.host.scripted import Scripted, ScriptedNode

FUSE = (Path(__file__).parent / "recorded" / "zfs-fuse-usage.txt").read_text(encoding="utf-8")
OPEN = """missing command
usage: zfs command args ...
where 'command' is one of the following:

\tversion [-j]

\tsnapshot [-r] [-o property=value] ... <filesystem|volume>@<snap> ...
\tpromote <clone-filesystem>

\tsend [-DLPbcehnpsVvw] [-i|-I snapshot]
\t     [-R [-X dataset[,dataset]...]]     <snapshot>
\tsend [-DnVvPLecw] [-i snapshot|bookmark] <filesystem|volume|snapshot>
\tsend [-nVvPe] -t <receive_resume_token>
\treceive [-vMnsFhu] [-o <property>=<value>] ... [-x <property>] ...
\tdiff [-FHth] <snapshot> [snapshot|filesystem]
"""
"""As much of what OpenZFS 2 says as matters here."""
ALL = Capabilities(diff=True, folders=True, rename=True, resume=True, estimate=True)
NONE = Capabilities(diff=False, folders=False, rename=False, resume=False, estimate=False)


def zfs(usage: str, answers: Mapping[str, Scripted] | None = None) -> Zfs:
    """The ZFS of a node whose program says this of itself."""
    return Zfs(ScriptedNode({"zfs": (2, "", usage), **(answers or {})}))


@pytest.mark.parametrize(("usage", "capabilities"), [(FUSE, NONE), (OPEN, ALL)])
def test_the_program_tells_what_it_can(usage: str, capabilities: Capabilities) -> None:
    """It is asked once, and nothing of it is guessed from a version."""
    node = ScriptedNode({"zfs": (2, "", usage)})
    one = Zfs(node)
    assert one.capabilities == capabilities
    assert one.capabilities.diff is capabilities.diff
    assert node.asked == ["zfs"]
    assert len(capabilities.lacking) == (0 if capabilities.diff else 5)


@pytest.mark.parametrize("said", ["", "zfs: not found", "The ZFS modules are not loaded."])
def test_a_program_that_tells_nothing_is_not_taken_for_an_old_one(said: str) -> None:
    """It is an error."""
    with pytest.raises(HostFailure, match="does not tell"):
        assert zfs(said).capabilities


def test_the_simulated_program_says_what_zfs_fuse_says() -> None:
    """It can no more."""
    assert Zfs(SimulatedNode("sim", pace=Pace.instant())).capabilities == NONE


def test_the_list_of_changes() -> None:
    """Each line has a sign and paths, in which all but plain letters are in octal."""
    told = "M\t/w/\n+\t/w/two\\0040words\n-\t/w/gr\\0303\\0274n\nR\t/w/a\\0134b\t/w/c\n"
    one = zfs(OPEN, {"zfs diff -H tank/w@a tank/w": (0, told, "")})
    assert one.differences("tank/w@a") == [
        Difference("M", "/w/"),
        Difference("+", "/w/two words"),
        Difference("-", "/w/grün"),
        Difference("R", "/w/a\\b", "/w/c"),
    ]
    assert zfs(FUSE).differences("tank/w@a") is None


def test_where_a_stream_broke_off() -> None:
    """Only a ZFS that can go on is asked."""
    asked = "zfs get -Hp -o property,value receive_resume_token tank/r"
    for value, token in (("1-abc", "1-abc"), ("-", None)):
        told = f"receive_resume_token\t{value}\n"
        assert zfs(OPEN, {asked: (0, told, "")}).resume_token("tank/r") == token
    assert zfs(FUSE).resume_token("tank/r") is None
    assert send_argv("", token="1-abc") == ["zfs", "send", "-t", "1-abc"]  # noqa: S106 - a place in a stream
    assert receive_argv("tank/r", resumable=True) == ["zfs", "receive", "-u", "-s", "tank/r"]


def test_how_large_a_stream_will_be() -> None:
    """As ZFS estimates it, or at most what the snapshot holds."""
    told = "incremental\ta\ttank/w@b\t4096\nsize\t4096\n"
    assert zfs(OPEN, {"zfs send -nvP -i @a tank/w@b": (0, told, "")}).estimate("tank/w@b", "a") == 4096
    held = "zfs get -Hp -o property,value referenced tank/w@b"
    assert zfs(FUSE, {held: (0, "referenced\t8192\n", "")}).estimate("tank/w@b", "a") == 8192


def test_what_goes_away_while_all_are_looked_at_is_left_out() -> None:
    """Between the listing and the question somebody may destroy one; any other failure is one."""
    listed: dict[str, Scripted] = {
        "zfs list -H -t filesystem -o name -r tank": (0, "tank/b\ntank\ntank/a\n", "")
    }
    asked, told = "zfs get -Hp -o name,property,value used,quota tank tank/a tank/b", "tank/b\tquota\t10\n"
    gone = "cannot open 'tank/a': dataset does not exist\n"
    assert Zfs(ScriptedNode({**listed, asked: (1, told, gone)})).filled("tank") == {"tank/b": Filled(0, 10)}
    with pytest.raises(CommandFailed, match="I/O error"):
        Zfs(ScriptedNode({**listed, asked: (1, told, gone + "I/O error")})).filled("tank")


def with_a_folder(source: str) -> Zfs:
    """A node with a folder of a snapshot, in which something is mounted."""
    get = "zfs get -Hp -o property,value"
    node = ScriptedNode(
        {
            "zfs": (2, "", OPEN),
            f"{get} mounted tank/w": (0, "mounted\tyes\n", ""),
            f"{get} mountpoint tank/w": (0, "mountpoint\t/srv/w\n", ""),
            "df --output=source /srv/w/.zfs/snapshot/a/.": (0, f"Filesystem\n{source}\n", ""),
        }
    )
    return Zfs(node)


def test_a_snapshot_that_can_be_read_where_it_is_needs_no_clone() -> None:
    """OpenZFS has a folder of each, below what is mounted."""
    with with_a_folder("tank/w@a").opened("tank/w@a") as folder:
        assert folder == "/srv/w/.zfs/snapshot/a"


def test_an_empty_folder_is_not_taken_for_a_snapshot() -> None:
    """It stays where one was that is gone: then a clone is made, and that fails."""
    asked = with_a_folder("tank/w")
    with pytest.raises(AssertionError, match="tank/opened"), asked.opened("tank/w@a"):
        pytest.fail("it was read")


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("cannot set property for 'tank/w': size is less than current used or reserved space", "limit"),
        ("cannot set property for 'tank/w': size is greater than available space", "set aside"),
        ("cannot set property for 'tank/w': out of space", "no room"),
    ],
)
def test_a_limit_that_cannot_be(said: str, what: str) -> None:
    """Too small, or too large for what there is: each is told as what it is, with the way out."""
    node = ScriptedNode({"zfs set quota=1M tank/w": (1, "", said)})
    with pytest.raises(NoSpace, match=what) as refused:
        Zfs(node).set("tank/w", "quota", "1M")
    assert said in refused.value.problem.why
    assert refused.value.problem.hint


def test_a_read_only_data_set_says_so_in_two_ways() -> None:
    """zfs-fuse says of what is mounted that it is not, and that this is not how it was set."""
    names = "mounted,mountpoint,canmount,readonly,used,available,quota,reservation,origin"
    rest = "".join(f"{name}\t0\t-\n" for name in ("used", "available", "quota", "reservation"))
    for told, readonly in (("off\ttemporary", True), ("on\tlocal", True), ("off\tdefault", False)):
        said = (
            f"mounted\tyes\t-\nmountpoint\t/w\tlocal\ncanmount\ton\tdefault\nreadonly\t{told}\norigin\t-\t-\n"
        )
        node = ScriptedNode({f"zfs get -Hp -o property,value,source {names} tank/w": (0, said + rest, "")})
        assert Zfs(node).properties("tank/w").readonly is readonly
