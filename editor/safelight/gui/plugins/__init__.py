"""Plugins: what is installed, updated, switched off; the user's own networks, and their log."""
