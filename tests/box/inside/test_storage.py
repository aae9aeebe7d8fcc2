"""What people do with storage, by command, on real ZFS: back in time, copies, the trash, limits."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from agent.core.owner import Owner
from agent.host.node import LocalNode
from agent.host.zfs import Zfs
from tests.box.inside.product import Answer, host, left_of, voxnix

MIB = 1 << 20
GIB = 1 << 30


@dataclass
class Person:
    """Somebody at the command line.

    Attributes:
        key: of the owner.
        seen: what the node called all that they ever had.
    """

    key: str
    seen: set[str] = field(default_factory=set[str])

    def ask(self, *words: str) -> Answer:
        """Run a command, without a person who could agree to anything."""
        return voxnix(*words, "--owner", self.key, "--json")

    def done(self, *words: str) -> dict[str, Any]:
        """The operation of a change that was asked for; it has to go well."""
        answer = self.ask(*words)
        assert answer.code == 0, f"{words}: {answer.out}{answer.err}"
        operation = answer.data["operation"]
        assert operation["state"] == "done"
        self.seen.add(operation["machine"])
        return operation

    def undone(self) -> dict[str, Any]:
        """The operation that undid the last one."""
        operation = self.done("undo", "--yes")
        assert operation["undoes"] is not None
        return operation

    def told(self, *words: str) -> dict[str, Any]:
        """What a command shows; it has to go well."""
        answer = self.ask(*words)
        assert answer.code == 0, f"{words}: {answer.out}{answer.err}"
        return answer.data

    def run(self, name: str, script: str) -> str:
        """What a script prints in a container; it has to go well."""
        answer = voxnix("exec", name, "--owner", self.key, "--", "sh", "-ec", script)
        assert answer.code == 0, answer
        return answer.out

    def refused(self, *words: str) -> dict[str, str]:
        """Why something is refused; no operation was entered for it."""
        before = self.told("operations")
        answer = self.ask(*words)
        assert answer.code, words
        assert self.told("operations") == before
        return answer.error

    def machine(self, name: str) -> str:
        """What the node calls a container of this name."""
        return self.told("status", name)["workload"]["machine"]

    def names(self) -> list[str]:
        """What they have, sorted."""
        return sorted(one["spec"]["name"] for one in self.told("list")["workloads"])

    def trash(self) -> list[str]:
        """What is in the trash, the last first."""
        return [one["workload"]["spec"]["name"] for one in self.told("trash")["trash"]]

    def above(self, name: str) -> str:
        """The data set of all that a container has."""
        return f"{self.place}/workloads/{self.machine(name)}"

    @property
    def place(self) -> str:
        """The data set of all that they have."""
        return f"tank/users/{Owner(self.key).key}"


@pytest.fixture
def person() -> Iterator[Person]:
    """Somebody of whom nothing is left on the node, once all that they have is destroyed and purged."""
    one = Person("keeper")
    yield one
    for name in one.names():
        one.done("destroy", name, "--yes")
    for name in one.trash():
        one.done("purge", name, "--yes")
    assert one.seen
    assert [left for machine in one.seen for left in left_of(machine)] == []
    host("zfs", "set", "quota=100G", one.place)


def zfs() -> Zfs:
    """The ZFS of the box."""
    return Zfs(LocalNode("box"))


def test_files_and_containers_go_back_in_time(person: Person) -> None:
    """What changed is seen, one file comes back, all of it comes back; and each of that can be undone."""
    person.done("create", "dev", "git")
    person.run("dev", "cd /workspace; mkdir deep; echo one >deep/file; echo kept >kept; echo r1 >/root/note")
    taken = person.done("snapshot", "dev", "good")
    person.run("dev", "cd /workspace; echo two >deep/file; rm kept; echo new >new; echo r2 >/root/note")
    found = person.told("snapshots", "dev")["snapshots"]
    assert [(one["name"], one["label"]) for one in found] == [(taken["claims"][0], "good")]
    since = {one["path"]: one["change"] for one in person.told("diff", "dev", "good")["files"]}
    assert since == {"deep/file": "changed", "kept": "removed", "new": "added"}

    person.done("restore-file", "dev", "good", "kept")
    assert person.run("dev", "cat /workspace/kept") == "kept\n"
    answer = person.ask("restore-file", "dev", "good", "deep/file")
    assert (answer.code, answer.error["code"]) == (3, "ApprovalNeeded")
    person.done("restore-file", "dev", "good", "/workspace/deep/file", "--yes")
    assert person.run("dev", "cat /workspace/deep/file") == "one\n"
    person.undone()
    assert person.run("dev", "cat /workspace/deep/file") == "two\n"
    assert person.refused("restore-file", "dev", "good", "never")["code"] == "UnknownSnapshot"

    person.done("revert", "dev", "good", "--yes")
    assert person.run("dev", "cd /workspace; ls; cat deep/file /root/note") == "deep\nkept\none\nr1\n"
    assert [one["label"] for one in person.told("snapshots", "dev")["snapshots"]] == ["good"]
    person.undone()
    assert person.run("dev", "cd /workspace; ls; cat deep/file /root/note") == "deep\nkept\nnew\ntwo\nr2\n"
    assert "good" in {one["label"] for one in person.told("snapshots", "dev")["snapshots"]}
    held = person.ask("forget", "dev", "good", "--yes")
    assert (held.code, "began as a copy" in held.error["why"]) == (3, True)
    person.done("purge", "dev", "--yes")
    person.done("forget", "dev", "good", "--yes")
    assert "good" not in {one["label"] for one in person.told("snapshots", "dev")["snapshots"]}


def test_a_copy_has_what_was_kept_and_a_life_of_its_own(person: Person) -> None:
    """It begins as the snapshot, beside what goes on; either can go without the other, whichever is first."""
    person.done("create", "dev", "git")
    person.run("dev", "echo old >/workspace/file; echo old >/root/note")
    person.done("snapshot", "dev", "then")
    person.run("dev", "echo new >/workspace/file")
    made = person.done("clone", "dev", "copy", "--from", "then")
    assert person.machine("copy") == made["machine"] != person.machine("dev")
    assert person.run("copy", "hostname; cat /workspace/file /root/note") == "copy\nold\nold\n"
    assert person.run("dev", "hostname; cat /workspace/file") == "dev\nnew\n"
    person.run("copy", "echo own >/workspace/file")
    assert person.run("dev", "cat /workspace/file") == "new\n"
    assert person.undone()["kind"] == "destroy"
    assert (person.names(), person.trash()) == (["dev"], ["copy"])
    person.done("restore", "copy")
    person.done("destroy", "dev", "--yes")
    person.done("purge", "dev", "--yes")
    assert person.run("copy", "cat /workspace/file") == "own\n"
    assert (person.names(), person.trash()) == (["copy"], [])


def test_what_is_destroyed_comes_back(person: Person) -> None:
    """Under its name or another, with its files and running; until it is purged, which nothing undoes."""
    person.done("create", "dev", "git")
    person.run("dev", "echo mine >/workspace/file")
    machine = person.machine("dev")
    person.done("destroy", "dev", "--yes")
    assert (person.names(), person.trash()) == ([], ["dev"])
    assert [line for line in left_of(machine) if f"{person.place}/trash/" not in line] == []
    assert person.undone()["kind"] == "restore"
    assert person.run("dev", "cat /workspace/file") == "mine\n"
    person.done("destroy", "dev", "--yes")
    person.done("restore", "dev", "--as", "other")
    assert person.run("other", "hostname; cat /workspace/file") == "other\nmine\n"
    assert (person.names(), person.trash()) == (["other"], [])
    person.done("rename", "other", "third")
    assert person.run("third", "hostname; cat /workspace/file") == "third\nmine\n"
    assert person.undone()["kind"] == "rename"
    assert person.run("other", "hostname; cat /workspace/file") == "other\nmine\n"
    person.done("destroy", "other", "--yes")
    assert person.ask("purge", "other").error["code"] == "ApprovalNeeded"
    assert person.trash() == ["other"]
    person.done("purge", "other", "--yes")
    assert (person.names(), person.trash()) == ([], [])
    assert person.refused("restore", "other")["code"] == "UnknownSnapshot"
    assert left_of(machine) == []


def test_limits_are_what_was_asked_for_and_hold(person: Person) -> None:
    """ZFS has the number, what is set aside too; who is at the end of it is told before anything begins."""
    person.done("create", "dev", "git")
    above = person.above("dev")
    person.done("resize", "dev", "30G", "--reserve", "1G")
    has = zfs().properties(above)
    assert (has.quota, has.reservation) == (30 * GIB, GIB)
    person.undone()
    has = zfs().properties(above)
    assert (has.quota, has.reservation) == (20 * GIB, 0)

    person.run("dev", "head -c 150M /dev/urandom >/workspace/large; sync")
    person.done("snapshot", "dev", "large")
    (taken,) = person.told("usage")["workloads"]
    assert taken["name"] == "dev"
    assert 150 * MIB < taken["workspace"] + taken["snapshots"] < 160 * MIB
    too_small = person.refused("resize", "dev", "100M", "--yes")
    assert too_small["code"] == "NoSpace"
    assert "MiB" in too_small["what"]
    assert zfs().properties(above).quota == 20 * GIB
    assert person.refused("resize", "dev", "30G", "--reserve", "900G")["code"] in {
        "NoSpace",
        "InvalidRequest",
    }

    assert person.ask("resize", "dev", "200M").error["code"] == "ApprovalNeeded"
    person.done("resize", "dev", "200M", "--yes")
    assert zfs().properties(above).quota == 200 * MIB
    answer = voxnix(
        "exec", "dev", "--owner", person.key, "--", "sh", "-c", "cat /dev/urandom >/workspace/more"
    )
    assert answer.code
    assert "uota" in answer.err or "space" in answer.err, answer
    zfs().snapshot(f"{above}@settle")
    full = person.refused("update", "dev", "--add", "fish")
    assert full["code"] == "NoSpace"
    assert "200.0 MiB" in full["what"]
    person.run("dev", "rm /workspace/more")

    host("zfs", "set", "quota=600M", person.place)
    for words in (("create", "dev2", "git"), ("clone", "dev", "dev2")):
        full = person.refused(*words)
        assert full["code"] == "NoSpace", words
        assert "600.0 MiB" in full["what"], full
    assert person.names() == ["dev"]


def test_what_is_not_mounted_is_not_taken_for_empty(person: Person) -> None:
    """Nothing is begun that would read or change it, and it is said what to do; what is in it stays."""
    person.done("create", "dev", "git")
    person.run("dev", "head -c 20M /dev/urandom >/workspace/large; sync")
    person.done("snapshot", "dev", "good")
    person.done("stop", "dev")
    workspace = f"{person.above('dev')}/workspace"
    zfs().unmount(workspace)
    for words in (
        ("start", "dev"),
        ("restart", "dev"),
        ("diff", "dev", "good"),
        ("restore-file", "dev", "good", "large"),
        ("revert", "dev", "good", "--yes"),
        ("clone", "dev", "copy"),
        ("rename", "dev", "other"),
        ("snapshot", "dev", "empty"),
    ):
        answer = person.ask(*words)
        assert answer.code == 4, (words, answer)
        assert f"{workspace} is not mounted" in answer.error["what"], words
        assert f"zfs mount {workspace}" in json.dumps(answer.error), words
    assert person.names() == ["dev"]
    assert [one["label"] for one in person.told("snapshots", "dev")["snapshots"]] == ["good"]

    answer = person.ask("destroy", "dev")
    assert answer.error["code"] == "ApprovalNeeded"
    lost = {one["what"]: one["amount"] for one in answer.data["operation"]["plan"]["losses"]}
    assert lost["workspace"] >= 20 * MIB
    person.done("destroy", "dev", "--yes")
    person.undone()
    person.done("start", "dev")
    assert person.run("dev", "wc -c </workspace/large").strip() == str(20 * MIB)
