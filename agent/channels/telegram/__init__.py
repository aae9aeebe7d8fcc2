"""Telegram: the product's face. Updates become rows before Telegram may forget them, rows become answers."""
