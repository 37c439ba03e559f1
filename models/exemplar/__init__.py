"""Holes filled with pieces of the picture itself: no network, but measured like one."""
