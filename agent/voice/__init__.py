"""Speech becomes a sentence: voice messages in OGG/Opus, as Telegram has them, are put into words.

A server that speaks OpenAI's protocol does it (``server.py``), or pocketsphinx here (``local.py``).
"""

from agent.voice.recording import check_limits
from agent.voice.transcriber import Transcriber, transcriber

__all__ = ["Transcriber", "check_limits", "transcriber"]
