"""Batch: recipes and exports done to many files or documents, one failing without the others."""
