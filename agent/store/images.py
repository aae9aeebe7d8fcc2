"""Images: what was built on each node, and so need not be built again."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from agent.core.composition import Composition
from agent.store.database import Database
from agent.store.schema import images


@dataclass(frozen=True)
class Image:
    """Something that containers are booted from.

    Attributes:
        digest: of all that it was built from.
        composition: what it is made of.
        system: the store path of its NixOS system; empty where it is a file system.
        built_at: in UTC; when it was last asked for, and then was there.
    """

    digest: str
    composition: Composition
    system: str
    built_at: datetime


class ImageStore:
    """Images by node and digest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, node: str, digest: str, composition: Composition, system: str, now: datetime) -> None:
        """Note that an image is there; one that is known is only noted to be wanted again."""
        here = (images.c.node == node, images.c.digest == digest)
        with self._database.write() as connection:
            if connection.execute(update(images).where(*here).values(built_at=now)).rowcount == 0:
                connection.execute(
                    insert(images).values(
                        node=node,
                        digest=digest,
                        composition=composition.model_dump(mode="json"),
                        system=system,
                        built_at=now,
                    )
                )

    def of_node(self, node: str) -> list[Image]:
        """A node's images, the ones that were wanted last first."""
        query = (
            select(images).where(images.c.node == node).order_by(images.c.built_at.desc(), images.c.digest)
        )
        with self._database.read() as connection:
            return [
                Image(
                    digest=row["digest"],
                    composition=Composition.model_validate(row["composition"]),
                    system=row["system"],
                    built_at=row["built_at"],
                )
                for row in connection.execute(query).mappings()
            ]

    def remove(self, node: str, digest: str) -> None:
        """Forget an image that is no more."""
        with self._database.write() as connection:
            connection.execute(delete(images).where(images.c.node == node, images.c.digest == digest))
