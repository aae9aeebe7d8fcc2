"""What the product says in fixed sentences, in the language of the person who reads it."""

from agent.texts.texts import LANGUAGES, Texts, texts_for

__all__ = ["LANGUAGES", "Texts", "texts_for"]
