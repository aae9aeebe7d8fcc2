"""All that is kept of one owner, for them to read."""

from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from agent.assistant.history import loaded, said_in

if TYPE_CHECKING:
    from agent.core.owner import Owner
    from agent.services.services import Services
    from agent.store.conversations import Conversations

MOST_OPERATIONS = 100_000


def exported(owner: "Owner", services: "Services", conversations: "Conversations") -> str:
    """What is kept of an owner, and nothing of anybody else's, as JSON that a person can read."""
    account = services.access.account(owner.key)
    preference = services.preferences.of(owner.key)
    kept: dict[str, Any] = {
        "account": owner.key,
        "name": account.name if account else "",
        "role": account.role if account else None,
        "preferences": {**vars(preference), "muted": sorted(preference.muted)},
        "containers": [one.model_dump() for one in services.workloads.list(owner)],
        "operations": [one.model_dump() for one in services.operations.list(owner, MOST_OPERATIONS)],
        "conversations": {
            name: said_in(loaded(conversations.load(owner, name))) for name in conversations.of_owner(owner)
        },
    }
    return to_json(kept, indent=2).decode()
