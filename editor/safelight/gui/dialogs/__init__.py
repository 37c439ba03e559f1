"""Dialogs: what asks for sizes, colours, keys and a command's settings."""
