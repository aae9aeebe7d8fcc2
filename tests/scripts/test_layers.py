"""Layers are built once, whole or not at all."""

import threading
from pathlib import Path

import pytest

from scripts.boxes.layers import BUILDING, Layer, obtain, prune
from scripts.boxes.steps import Step, Steps


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of the test's own."""
    monkeypatch.setenv("VOXNIX_CACHE", str(tmp_path))


class Builder:
    """Fills a layer, and counts how often."""

    def __init__(self, error: Exception | None = None) -> None:
        self.built = 0
        self._error = error

    def __call__(self, into: Path, _step: Step) -> None:
        """Write one file."""
        self.built += 1
        (into / "file").write_text("x")
        if self._error:
            raise self._error


def test_a_layer_is_built_once() -> None:
    """The second time it comes from the cache."""
    build = Builder()
    with Steps() as steps:
        first = obtain(Layer("base", "a layer", "key", build), steps)
        second = obtain(Layer("base", "a layer", "key", build), steps)
    assert first == second
    assert (first / "file").exists()
    assert build.built == 1


def test_a_build_that_fails_leaves_nothing() -> None:
    """Neither the layer nor its unfinished folder is there, and the next try builds."""
    layer = Layer("base", "a layer", "key", Builder(OSError("no")))
    with Steps() as steps:
        with pytest.raises(OSError, match="no"):
            obtain(layer, steps)
        assert list(layer.path.parent.iterdir()) == []
        assert obtain(Layer("base", "a layer", "key", Builder()), steps).is_dir()


def test_what_a_killed_build_left_is_removed_and_never_used() -> None:
    """An unfinished folder of another key goes when the next one is built."""
    layer = Layer("base", "a layer", "key", Builder())
    left = layer.path.with_name(f"base-other{BUILDING}")
    left.mkdir(parents=True)
    with Steps() as steps:
        obtain(layer, steps)
    assert [path.name for path in layer.path.parent.iterdir()] == ["base-key"]


def test_two_at_once_build_one_layer() -> None:
    """Whoever comes second waits and finds it."""
    build = Builder()
    with Steps() as steps:
        threads = [
            threading.Thread(target=obtain, args=(Layer("base", "a layer", "key", build), steps))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert build.built == 1


def test_old_layers_go_unless_a_box_stands_on_them() -> None:
    """The newest few stay, and so does what is in use."""
    with Steps() as steps:
        paths = [obtain(Layer("base", "a layer", str(number), Builder()), steps) for number in range(4)]
    prune({paths[0]})
    assert [path.exists() for path in paths] == [True, False, True, True]


def test_each_kind_keeps_its_own() -> None:
    """Many layers of one kind of box drive none of the other's out."""
    with Steps() as steps:
        other = obtain(Layer("uml-base", "a layer", "1", Builder()), steps)
        for number in range(4):
            obtain(Layer("base", "a layer", str(number), Builder()), steps)
    prune(())
    assert other.exists()
    assert len(list(other.parent.iterdir())) == 3
