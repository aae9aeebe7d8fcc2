"""Files: what people send gets into a container, and what they ask for comes out of one."""

from agent.core.account import Role
from agent.core.owner import Owner
from agent.host.simulated.world import Dataset
from tests.telegram.people import Seen
from tests.telegram.product import Product

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def inside(product: Product, owner: Owner, name: str, path: str) -> bytes:
    """What is in a file of somebody's container."""
    return product.simulation.app.services.files.get(owner, name, path)


def workspace(product: Product, owner: Owner, name: str = "dev") -> Dataset:
    """The file system of a container's workspace, on the node."""
    machine = product.simulation.app.services.workloads.find(owner, name).machine
    found = product.simulation.node.world.datasets
    return next(one for path, one in found.items() if path.endswith(f"{machine}/workspace"))


def listed(product: Product, owner: Owner, name: str) -> str:
    """The names in a container's workspace."""
    return "\n".join(workspace(product, owner, name).files)


async def test_a_document_goes_into_the_only_container(product: Product) -> None:
    """No word is needed where there is no choice; what was sent is what is there."""
    ann, talk = product.let_in("Ann")
    owner = product.owner(ann)
    product.simulation.made(owner)
    async with product.running():
        talk.sends_document(PNG, "picture.png")
        answer = await talk.hears("/workspace/picture.png")
        assert "dev" in answer.text
    assert inside(product, owner, "dev", "picture.png") == PNG


async def test_a_caption_names_the_container(product: Product) -> None:
    """In a sentence too; the other one gets nothing."""
    ann, talk = product.let_in("Ann")
    owner = product.owner(ann)
    product.simulation.made(owner, "dev")
    product.simulation.made(owner, "web")
    async with product.running():
        talk.sends_document(b"abc", "a.txt", caption="Into web, please.")
        await talk.hears("/workspace/a.txt")
    assert inside(product, owner, "web", "a.txt") == b"abc"
    assert "a.txt" not in listed(product, owner, "dev")


async def test_a_button_chooses_the_container(product: Product) -> None:
    """Where no word says it; two taps are one file."""
    ann, talk = product.let_in("Ann")
    owner = product.owner(ann)
    product.simulation.made(owner, "dev")
    product.simulation.made(owner, "web")
    async with product.running():
        photo = talk.sends_photo(PNG)
        question = await talk.hears("Into which container?")
        assert sorted(label for row in question.buttons for label in row) == ["dev", "web"]
        talk.taps("web", question)
        talk.taps("web", question)
        await talk.hears(f"/workspace/photo-{photo.id}.jpg")
        await product.handled()
    assert inside(product, owner, "web", f"photo-{photo.id}.jpg") == PNG
    assert "(2)" not in listed(product, owner, "web")
    assert "photo" not in listed(product, owner, "dev")


async def test_names_are_made_safe(product: Product) -> None:
    """None is a path, hides, or stands in for another file."""
    ann, talk = product.let_in("Ann")
    owner = product.owner(ann)
    product.simulation.made(owner)
    async with product.running():
        for number, name in enumerate(("../../etc/passwd", "-rf", ".bashrc", "a\nb\u202e.txt", "passwd")):
            talk.sends_document(str(number).encode(), name)
            await talk.hears("/workspace/")
    assert inside(product, owner, "dev", "passwd") == b"0"
    assert inside(product, owner, "dev", "rf") == b"1"
    assert inside(product, owner, "dev", "bashrc") == b"2"
    assert inside(product, owner, "dev", "a b.txt") == b"3"
    assert inside(product, owner, "dev", "passwd (2)") == b"4"


async def test_too_much_is_refused_with_numbers(product: Product) -> None:
    """More than Telegram gives, before it is fetched; and more than the workspace has room for."""
    ann, talk = product.let_in("Ann")
    owner = product.owner(ann)
    product.simulation.made(owner)
    large = {"file_id": "F1", "file_unique_id": "u", "file_size": 30_000_000, "file_name": "large.iso"}
    async with product.running():
        talk.sends({"document": large})
        await talk.hears("That file has 28.6 MiB, and Telegram lets me take 19.1 MiB at most")
        assert not product.server.calls("getFile")
        room = workspace(product, owner)
        before, room.written = room.written, (20 << 30) - 1000
        talk.sends_document(bytes(5000), "zeros")
        await talk.hears("does not fit into dev's workspace")
        room.written = before  # others have the same pool
    assert "zeros" not in listed(product, owner, "dev")


async def test_a_container_has_to_run(product: Product) -> None:
    """The person learns that, and nothing is fetched."""
    ann, talk = product.let_in("Ann")
    owner = product.owner(ann)
    async with product.running():
        talk.sends_document(b"abc", "a.txt")
        await talk.hears("you have none that does")
        product.simulation.made(owner)
        talk.says("/stop dev")
        await talk.hears("is stopped")
        talk.sends_document(b"abc", "a.txt", caption="dev")
        await talk.hears(lambda one: "run" in one.text and not one.buttons)
    assert not product.server.calls("getFile")


async def test_a_viewer_may_put_nothing_anywhere(product: Product) -> None:
    """Looking is all that they do."""
    ann, talk = product.let_in("Ann")
    owner = product.owner(ann)
    product.simulation.made(owner)
    product.simulation.app.services.access.set_role("console", f"tg:{ann.id}", Role.VIEWER)
    async with product.running():
        talk.sends_document(b"abc", "a.txt")
        await talk.hears(lambda one: "operator" in one.text.lower() or "may" in one.text)
    assert "a.txt" not in listed(product, owner, "dev")


async def test_a_file_that_is_asked_for_comes_as_a_document(product: Product) -> None:
    """With the same bytes, in a sentence or as a command; photos too."""
    ann, talk = product.let_in("Ann")
    product.simulation.made(product.owner(ann))
    async with product.running():
        talk.sends_document(PNG, "report.pdf")
        await talk.hears("/workspace/report.pdf")
        talk.says("send me report.pdf from dev")
        sent = await talk.hears(is_document)
        assert sent.json["document"]["file_name"] == "report.pdf"
        assert talk.downloads(sent) == PNG
        photo = talk.sends_photo(PNG[::-1])
        await talk.hears("/workspace/photo")
        talk.says(f"/send dev photo-{photo.id}.jpg")
        sent = await talk.hears(is_document)
        assert talk.downloads(sent) == PNG[::-1]
        talk.says("send me secret.txt from dev")
        await talk.hears("secret.txt")
    assert not product.server.unknown


def is_document(message: Seen) -> bool:
    """Whether a message is a file."""
    return "document" in message.json


async def test_a_file_of_somebody_else_is_not_there(product: Product) -> None:
    """Another person's container is unknown."""
    ann, _ = product.let_in("Ann")
    _, ben = product.let_in("Ben")
    product.simulation.made(product.owner(ann))
    async with product.running():
        ben.says("send me report.pdf from dev")
        answer = await ben.hears("dev")
        assert "document" not in answer.json
