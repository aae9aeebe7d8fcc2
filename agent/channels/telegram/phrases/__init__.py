"""What the bot says by itself: the person's texts and values in, Markdown out.

An answer to a tap, which Telegram shows over the chat, is plain: :func:`tap_refusal`.
"""

from agent.channels.telegram.phrases.changes import (
    doing,
    goes_on,
    label,
    progress,
    result,
)
from agent.channels.telegram.phrases.conversation import (
    file_saved,
    heard,
    help_text,
    late,
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
    pairing_code,
    revoked,
    role,
    somebody_knocks,
    welcome,
)
from agent.channels.telegram.phrases.plans import agree, plan
from agent.channels.telegram.phrases.refusals import refusal, tap_refusal
from agent.channels.telegram.phrases.storage import trash, usage

__all__ = [
    "access",
    "agree",
    "doing",
    "file_saved",
    "goes_on",
    "greeting",
    "heard",
    "help_text",
    "kind_name",
    "label",
    "late",
    "let_in",
    "means",
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
    "trash",
    "usage",
    "welcome",
]
