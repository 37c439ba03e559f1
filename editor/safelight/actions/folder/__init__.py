"""Folder: the photographs of a folder as data: which there are, how they look, their marks."""
