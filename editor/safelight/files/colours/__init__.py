"""Colours: what a file's numbers mean, as RGB with a profile."""
