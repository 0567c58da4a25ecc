"""What a manager sees of channels, people and changes; the topmost room, so it also fills the first page."""

from channels.admin import accounts, conversations, log, numbers, people, templates

__all__ = ["accounts", "conversations", "log", "numbers", "people", "templates"]
