"""What the bot says by itself: the person's texts and values in, Markdown out.

Of an answer to a tap, which Telegram shows over the chat, the text is plain: see :mod:`.taps`.
"""

from agent.channels.telegram.phrases.changes import (
    agree,
    doing,
    goes_on,
    label,
    plan,
    progress,
    refusal,
    result,
)
from agent.channels.telegram.phrases.conversation import (
    budget_spent,
    file_saved,
    heard,
    help_text,
    late,
    model_failed,
    too_large,
)
from agent.channels.telegram.phrases.notices import (
    kind_name,
    notice,
    notice_offers,
    quiet_off,
    quiet_set,
    settings,
)
from agent.channels.telegram.phrases.people import (
    access,
    greeting,
    let_in,
    means,
    needs_approval,
    pairing_code,
    revoked,
    role,
    somebody_knocks,
    welcome,
)
from agent.channels.telegram.phrases.taps import foreign_tap, late_tap, tap_refusal

__all__ = [
    "access",
    "agree",
    "budget_spent",
    "doing",
    "file_saved",
    "foreign_tap",
    "goes_on",
    "greeting",
    "heard",
    "help_text",
    "kind_name",
    "label",
    "late",
    "late_tap",
    "let_in",
    "means",
    "model_failed",
    "needs_approval",
    "notice",
    "notice_offers",
    "pairing_code",
    "plan",
    "progress",
    "quiet_off",
    "quiet_set",
    "refusal",
    "result",
    "revoked",
    "role",
    "settings",
    "somebody_knocks",
    "tap_refusal",
    "too_large",
    "welcome",
]
