"""Rendered: the pixels that a document shows, as a function of a value, a region and a zoom."""
