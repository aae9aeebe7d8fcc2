"""The commands about images. See :mod:`agent.channels.cli`."""

from datetime import UTC, datetime

from agent.channels import render
from agent.channels.cli import REQUEST, finish
from agent.channels.desk import Desk


def listing(desk: Desk) -> None:
    """Show what was built. JSON: ``images``."""
    found = desk.services.images.list()
    answer = {
        "images": [
            {
                "digest": one.image.digest,
                "system": one.image.system,
                "users": one.users,
                "current": one.current,
                "size": one.size,
                "built_at": one.image.built_at.isoformat(),
                **one.image.composition.model_dump(mode="json"),
            }
            for one in found
        ]
    }
    desk.terminal.show(render.images(found, datetime.now(UTC)), answer)


def build(desk: Desk, modules: list[str], *, wait: bool) -> int:
    """Build an image. JSON: ``operation``."""
    return finish(desk, desk.services.images.build(desk.owner, tuple(modules), REQUEST), wait=wait)


def prune(desk: Desk, *, wait: bool) -> int:
    """Remove images that nothing uses. JSON: ``operation``."""
    return finish(desk, desk.services.images.prune(desk.owner, REQUEST), wait=wait)


def popular(desk: Desk, limit: int) -> None:
    """Show what containers are made of. JSON: ``popular``, for the next deploy to have it built."""
    found = desk.services.images.popular(limit)
    answer = {"popular": [{"times": one.times, **one.composition.model_dump(mode="json")} for one in found]}
    desk.terminal.show(render.popular(found), answer)
