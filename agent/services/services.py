"""All services together, as tools and channels get them."""

from dataclasses import dataclass

from agent.services.access import Access
from agent.services.audit import Audit
from agent.services.backups import Backups
from agent.services.budget import Budget
from agent.services.catalogue import Catalogue
from agent.services.chats import Chats
from agent.services.diagnostics import Diagnostics
from agent.services.files import Files
from agent.services.images import Images
from agent.services.notices import Notices
from agent.services.operations import Operations
from agent.services.preferences import Preferences
from agent.services.secrets import Secrets
from agent.services.storage import Storage
from agent.services.trash import Trash
from agent.services.undo import Undo
from agent.services.workloads import Workloads


@dataclass(frozen=True)
class Services:
    """What the product can do."""

    workloads: Workloads
    operations: Operations
    audit: Audit
    catalogue: Catalogue
    images: Images
    secrets: Secrets
    diagnostics: Diagnostics
    chats: Chats
    files: Files
    access: Access
    backups: Backups
    budget: Budget
    preferences: Preferences
    notices: Notices
    trash: Trash
    undo: Undo
    storage: Storage
