"""Prints: photographs on paper, one to a page or as a contact sheet."""
