"""A container's life, through the command line, on real ZFS and nspawn."""

import subprocess
import time

import pytest

from tests.box.inside.product import host, left_of, machine_of, voxnix


def inside(name: str, *argv: str) -> str:
    """What a command in a container prints; it has to go well."""
    answer = voxnix("exec", name, "--", *argv)
    assert answer.code == 0, answer
    return answer.out


def test_it_has_what_was_asked_for(dev: str) -> None:
    """Both git and fish are there, and fish is the login shell."""
    assert inside(dev, "git", "--version").startswith("git version")
    assert inside(dev, "fish", "--version").startswith("fish, version")
    assert inside(dev, "getent", "passwd", "root").strip().endswith("/usr/bin/fish")
    assert inside(dev, "git", "config", "--system", "init.defaultBranch").strip() == "main"


def test_it_is_called_what_the_person_calls_it(dev: str) -> None:
    """The hostname inside is the person's name for it, not the machine's."""
    assert inside(dev, "hostname").strip() == dev
    assert machine_of(dev) != dev


def test_it_booted_without_a_failed_unit(dev: str) -> None:
    """Its systemd says that all is well."""
    assert inside(dev, "systemctl", "is-system-running", "--wait").strip() == "running"


def test_the_list_has_its_state_and_address(dev: str) -> None:
    """The address in the list is the one inside, from DHCP on the bridge."""
    listed = {one["spec"]["name"]: one for one in voxnix("list", "--json").data["workloads"]}
    assert listed[dev]["state"] == "running"
    assert listed[dev]["spec"]["modules"] == ["fish", "git"]
    assert f"inet {listed[dev]['addresses'][0]}/" in inside(dev, "ip", "-4", "address", "show", "host0")


def test_root_inside_is_nobody_outside(dev: str) -> None:
    """A user namespace: the container's init has none of the host's user ids."""
    leader = host("machinectl", "show", machine_of(dev), "--property=Leader", "--value").strip()
    assert inside(dev, "id", "-u").strip() == "0"
    uids = host("grep", "^Uid:", f"/proc/{leader}/status").split()[1:]
    assert all(int(uid) >= 524_288 for uid in uids)


def test_the_host_is_out_of_reach(dev: str) -> None:
    """No nix daemon, no device but the harmless ones, and limits on memory and processes."""
    assert voxnix("exec", dev, "--", "test", "-e", "/nix").code == 1
    devices = set(inside(dev, "find", "/dev", "-xdev", "(", "-type", "b", "-o", "-type", "c", ")").split())
    # FUSE is safe in a user namespace, and systemd-nspawn gives it to each one.
    harmless = ("console", "full", "fuse", "net/tun", "null", "random", "tty", "urandom", "zero")
    assert devices <= {f"/dev/{name}" for name in harmless}
    unit = f"systemd-nspawn@{machine_of(dev)}.service"
    shown = host("systemctl", "show", unit, "--property=MemoryMax,TasksMax,DevicePolicy")
    assert "MemoryMax=2147483648" in shown
    assert "TasksMax=4096" in shown
    assert "DevicePolicy=closed" in shown


def test_its_storage_has_limits(dev: str) -> None:
    """A quota on the root file system as well as on the workspace."""
    status = voxnix("status", dev, "--json").data
    assert status["root"]["used"] + status["workspace"]["used"] <= status["whole"]["used"]
    assert status["whole"]["quota"] == 20 << 30


def test_the_workspace_outlives_a_restart(fresh: str) -> None:
    """What is written to /workspace is there after stop and start, and lies on a dataset of its own."""
    assert voxnix("create", fresh, "git", "fish").code == 0
    inside(fresh, "sh", "-c", "echo kept > /workspace/note && git init -q /workspace/repo")
    assert voxnix("stop", fresh).code == 0
    assert voxnix("exec", fresh, "--", "true").code == 3
    assert voxnix("list", "--json").data["workloads"][-1]["state"] == "stopped"
    assert voxnix("start", fresh).code == 0
    assert inside(fresh, "cat", "/workspace/note") == "kept\n"
    assert voxnix("restart", fresh).code == 0
    assert inside(fresh, "git", "-C", "/workspace/repo", "status", "--short") == ""
    machine = machine_of(fresh)
    assert host("cat", f"/var/lib/voxnix/workspaces/{machine}/note") == "kept\n"


@pytest.mark.parametrize("verb", ["start", "restart"])
def test_one_that_was_killed_starts_again(fresh: str, verb: str) -> None:
    """At once: what runs it could not clear away after itself."""
    assert voxnix("create", fresh, "git", "fish").code == 0
    unit = f"systemd-nspawn@{machine_of(fresh)}.service"
    host("systemctl", "kill", "--signal=KILL", unit)
    deadline = time.monotonic() + 30
    while host("systemctl", "show", unit, "--property=ActiveState", "--value").strip() != "failed":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    started = voxnix(verb, fresh)
    assert started.code == 0, started
    assert inside(fresh, "hostname").strip() == fresh


def test_destroying_it_leaves_what_is_in_the_trash(fresh: str) -> None:
    """No unit, file, mount or interface keeps its name, and that is free again; a purge takes the rest."""
    assert voxnix("create", fresh, "git", "fish").code == 0
    machine = machine_of(fresh)
    assert left_of(machine)
    assert voxnix("destroy", fresh, "--yes").code == 0
    assert all("/trash/" in line for line in left_of(machine))
    assert voxnix("status", fresh, "--json").error["code"] == "UnknownWorkload"
    assert voxnix("create", fresh, "git", "fish").code == 0
    assert voxnix("purge", fresh, "--yes").code == 0
    assert not any("/trash/" in line for line in left_of(machine))


def test_it_is_not_destroyed_without_a_person(dev: str) -> None:
    """Without a terminal and without --yes: exit 3, the plan is shown, and nothing waits for an answer."""
    refused = voxnix("destroy", dev, "--json")
    assert refused.code == 3
    newest = voxnix("operations", "--json").data["operations"][0]
    assert (newest["kind"], newest["state"]) == ("destroy", "denied")
    assert any(loss["what"] == "workspace" for loss in newest["plan"]["losses"])
    assert inside(dev, "true") == ""


def test_arguments_and_exit_codes_of_a_command_are_its_own(dev: str) -> None:
    """Spaces, quotes, newlines, dollars and percent signs arrive as they were."""
    words = ["a b", "$HOME", "%i %n", "it's", '"q"', "new\nline", "-x", "\\", "ü", "*"]
    assert inside(dev, "printf", "%s|", *words) == "".join(f"{word}|" for word in words)
    assert voxnix("exec", dev, "--", "sh", "-c", "exit 42").code == 42
    assert voxnix("exec", dev, "--", "no-such-program").code == 127
    answer = voxnix("exec", dev, "--", "sh", "-c", "echo out; echo err >&2")
    assert (answer.out, answer.err) == ("out\n", "err\n")


def test_a_command_that_prints_for_ever_is_ended(dev: str) -> None:
    """Inside too; the worker has as much memory as before, and the next command is answered."""
    answer = voxnix("exec", dev, "--json", "--", "yes")
    assert (answer.code, answer.error["code"]) == (4, "CommandSaidTooMuch")
    assert "yes printed more than 16.0 MiB" in answer.error["what"]
    assert (
        inside(dev, "sh", "-c", "ps -e -o comm= 2>/dev/null || cat /proc/[0-9]*/comm").split().count("yes")
        == 0
    )


def test_the_logs_are_the_containers_own(dev: str) -> None:
    """A line that was logged inside is read outside; the number of lines is kept."""
    inside(dev, "logger", "a line to look for")
    assert "a line to look for" in voxnix("logs", dev, "-n", "20").out
    assert len(voxnix("logs", dev, "-n", "3", "--json").data["lines"]) == 3


def test_another_owners_container_is_unknown(dev: str) -> None:
    """Every command answers as if it did not exist, and both may have the same name."""
    for command in (["status"], ["start"], ["stop"], ["restart"], ["destroy", "--yes"], ["logs"]):
        answer = voxnix(command[0], dev, *command[1:], "--owner", "eve", "--json")
        assert (answer.code, answer.error["code"]) == (3, "UnknownWorkload")
    answer = voxnix("exec", dev, "--owner", "eve", "--json", "--", "id")
    assert (answer.code, answer.error["code"]) == (3, "UnknownWorkload")
    assert voxnix("list", "--owner", "eve", "--json").data["workloads"] == []


def test_two_owners_are_apart(dev: str) -> None:
    """The second person's dev is another machine, with other user ids, out of reach of the first."""
    try:
        assert voxnix("create", dev, "git", "fish", "--owner", "bob").code == 0
        theirs = voxnix("status", dev, "--owner", "bob", "--json").data["workload"]
        assert theirs["machine"] != machine_of(dev)
        owners = {
            host("stat", "--format=%u", f"/var/lib/voxnix/workspaces/{machine}").strip()
            for machine in (machine_of(dev), theirs["machine"])
        }
        assert len(owners) == 2
        probe = f"timeout 3 bash -c 'echo > /dev/tcp/{theirs['addresses'][0]}/22'"
        assert voxnix("exec", dev, "--", "sh", "-c", probe).code == 124
    finally:
        voxnix("destroy", dev, "--yes", "--owner", "bob")


def test_the_other_modules_give_what_they_say(fresh: str) -> None:
    """Each is built for real, together, and its programs run."""
    assert voxnix("create", fresh, "workspace", "python", "node").code == 0
    for argv in (
        ["curl", "--version"],
        ["rsync", "--version"],
        ["python", "-c", "import ssl, venv"],
        ["pip", "--version"],
        ["node", "--version"],
        ["npm", "--version"],
    ):
        inside(fresh, *argv)
    assert inside(fresh, "bash", "--login", "-c", "pwd").strip() == "/workspace"


def test_the_worker_sees_what_nobody_asked_for(fresh: str) -> None:
    """A container that goes down by itself is seen as stopped, without a command."""
    assert voxnix("create", fresh, "git", "fish").code == 0
    subprocess.run(["machinectl", "poweroff", machine_of(fresh)], check=True)
    for _ in range(100):
        if voxnix("status", fresh, "--json").data["workload"]["state"] == "stopped":
            return
        subprocess.run(["sleep", "0.1"], check=True)
    pytest.fail("the container went down and the list still shows it")
