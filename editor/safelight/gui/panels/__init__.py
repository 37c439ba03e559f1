"""Panels: the filters there are, one filter's settings, the history."""
