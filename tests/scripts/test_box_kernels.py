"""Two kinds of boxes share what they can, and neither takes the other's."""

import os
import platform
import re
from pathlib import Path

import pytest

from scripts.boxes import debian, host, kernel, processes, recipe
from scripts.boxes.errors import BoxError
from scripts.boxes.kernels import Kernel
from scripts.boxes.places import Place
from scripts.boxes.steps import Steps


def _configured(into: Path, kind: Kernel) -> Path:
    into.mkdir()
    with Steps() as steps, steps.step("files") as step:
        recipe.configure(kind, into, step)
    return into / "etc/systemd/system"


def test_each_kind_has_the_files_of_both_and_its_own(tmp_path: Path) -> None:
    """The worker's unit is in both; zfs-fuse in one, and the way in by ssh in the other."""
    host_units, uml_units = (_configured(tmp_path / kind, kind) for kind in Kernel)
    assert (host_units / "voxnix-worker.service").read_bytes() == (
        uml_units / "voxnix-worker.service"
    ).read_bytes()
    assert (host_units / "multi-user.target.wants/zfs-fuse.service").is_symlink()
    assert not (host_units / "multi-user.target.wants/ssh.service").is_symlink()
    assert (uml_units / "multi-user.target.wants/ssh.service").is_symlink()
    assert not (uml_units / "zfs-fuse.service").exists()
    for program in ("init", "entered", "pool"):
        assert os.access(tmp_path / "uml/usr/local/lib/voxnix" / program, os.X_OK)


def test_the_kinds_never_stand_on_the_same_tree() -> None:
    """One has ZFS in user space and the other the programs for the kernel's."""
    packages = {kind: set(debian.BASE[kind].packages) for kind in Kernel}
    assert packages[Kernel.HOST] - packages[Kernel.UML] == {"zfs-fuse"}
    assert "zfsutils-linux" in packages[Kernel.UML]
    assert debian.BASE[Kernel.HOST].ingredients() != debian.BASE[Kernel.UML].ingredients()


def test_a_kernel_is_of_the_zfs_that_its_box_has(tmp_path: Path) -> None:
    """Another version is another key; a tree without the source is refused in words."""
    sources = tmp_path / "usr/src"
    sources.mkdir(parents=True)
    with pytest.raises(BoxError, match=r"no zfs-dkms_\*\.deb"):
        kernel.ingredients(tmp_path)
    (sources / "zfs-dkms_2.3.1_all.deb").touch()
    first = kernel.ingredients(tmp_path)
    (sources / "zfs-dkms_2.3.1_all.deb").rename(sources / "zfs-dkms_2.3.2_all.deb")
    assert kernel.ingredients(tmp_path) != first


def test_the_kernels_settings_are_each_said_once() -> None:
    """A line is a setting or a comment, and no setting is said twice."""
    lines = (kernel.FOLDER / "kernel.config").read_text().splitlines()
    settings = [line for line in lines if re.fullmatch(r"CONFIG_\w+=y|# CONFIG_\w+ is not set", line)]
    assert all(line.startswith("# ") or not line for line in lines if line not in settings)
    names = [re.search(r"CONFIG_\w+", line) for line in settings]
    assert len({name[0] for name in names if name}) == len(settings) > 50


def test_only_x86_has_a_user_mode_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere the obstacle is named, and what to do without."""
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    monkeypatch.setattr(processes, "root", lambda: True)
    assert host.missing(Kernel.UML) == [
        "User-mode Linux runs on x86-64, and this is aarch64: leave out --kernel uml."
    ]


def _state(folder: Path) -> processes.State:
    return processes.State(
        leader=os.getpid(),
        leader_started=processes.started(os.getpid()) or "",
        supervisor=1,
        supervisor_started="1",
        cgroup=folder,
        since=1,
        uplink=True,
        layers=(folder,),
        kernel=Kernel.UML,
    )


def test_the_state_tells_the_kind(tmp_path: Path) -> None:
    """Written and read again it is the same; a state that names no kind is of the machine's own kernel."""
    place = Place("mine", tmp_path)
    state = _state(tmp_path)
    state.write(place)
    assert processes.read(place) == state
    place.state.write_text(place.state.read_text().replace("kernel=uml\n", ""))
    older = processes.read(place)
    assert older
    assert older.kernel is Kernel.HOST


def test_a_question_for_a_kernel_of_its_own_goes_by_ssh_in_one_word(tmp_path: Path) -> None:
    """The shell at the other end gets each argument as it was."""
    argv = processes.enter(_state(tmp_path), "printf", "a b", "it's")
    assert argv[:4] == ["nsenter", "-t", str(os.getpid()), "-m"]
    assert argv[-1].endswith("""printf 'a b' 'it'"'"'s'""")
