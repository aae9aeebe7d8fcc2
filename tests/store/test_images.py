"""What was built on each node."""

from datetime import datetime, timedelta

from agent.core.composition import Composition
from agent.store.database import Database
from agent.store.images import Image, ImageStore

GIT = Composition(modules=("git",), options={"git": {"name": "Änn"}})
FISH = Composition(modules=("fish",), options={"fish": {}})


def test_an_image_comes_back_as_it_was_entered(database: Database, now: datetime) -> None:
    """Digest, composition, system and time survive the database."""
    store = ImageStore(database)
    store.add("box", "aa", GIT, "/nix/store/x-system", now)
    assert store.of_node("box") == [Image("aa", GIT, "/nix/store/x-system", now)]


def test_what_was_wanted_last_comes_first(database: Database, now: datetime) -> None:
    """To be wanted again makes no second row, and moves it to the front."""
    store = ImageStore(database)
    store.add("box", "aa", GIT, "", now)
    store.add("box", "bb", FISH, "", now + timedelta(seconds=1))
    assert [one.digest for one in store.of_node("box")] == ["bb", "aa"]
    store.add("box", "aa", GIT, "", now + timedelta(seconds=2))
    assert [one.digest for one in store.of_node("box")] == ["aa", "bb"]
    assert store.of_node("box")[0].built_at == now + timedelta(seconds=2)


def test_each_node_has_its_own(database: Database, now: datetime) -> None:
    """The same digest may be on two nodes, and goes from one of them alone."""
    store = ImageStore(database)
    store.add("box", "aa", GIT, "", now)
    store.add("elsewhere", "aa", GIT, "", now)
    store.remove("box", "aa")
    store.remove("box", "aa")
    assert store.of_node("box") == []
    assert [one.digest for one in store.of_node("elsewhere")] == ["aa"]
