"""Widgets: colours, icons and small parts that panels and dialogs share."""
