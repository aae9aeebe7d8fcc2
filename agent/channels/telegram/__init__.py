"""Telegram: messages, buttons and files between people and the services."""
