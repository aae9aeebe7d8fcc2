"""What accounts prefer."""

from sqlalchemy import insert, select, update

from agent.core.notice import NoticeKind
from agent.core.preference import Preference
from agent.store.database import Database
from agent.store.schema import preferences


class PreferenceStore:
    """Preferences by account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, account: str) -> Preference:
        """What an account prefers; nothing in particular where it never said so."""
        query = select(preferences).where(preferences.c.account == account)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return Preference()
        known = {kind.value for kind in NoticeKind}  # a kind may be gone since it was muted
        return Preference(
            language=row["language"],
            quiet_from=row["quiet_from"],
            quiet_to=row["quiet_to"],
            muted=frozenset(NoticeKind(kind) for kind in row["muted"] if kind in known),
        )

    def save(self, account: str, preference: Preference) -> None:
        """Replace what an account prefers."""
        values = {
            "language": preference.language,
            "quiet_from": preference.quiet_from,
            "quiet_to": preference.quiet_to,
            "muted": sorted(preference.muted),
        }
        with self._database.write() as connection:
            known = connection.execute(
                update(preferences).where(preferences.c.account == account).values(**values)
            )
            if not known.rowcount:
                connection.execute(insert(preferences).values(account=account, **values))
