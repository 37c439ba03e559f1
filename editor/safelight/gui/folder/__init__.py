"""Folder: the photographs of a folder as a strip below the one that is open."""
