"""Batch: the window in which a recipe is done to many files, and what asks for a recipe."""
