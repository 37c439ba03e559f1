"""Exports: a document as a picture file: format, name, size, depth, profile, layers."""
