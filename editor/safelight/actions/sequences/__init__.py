"""Sequences: opened in a confined process, and filtered picture by picture."""
