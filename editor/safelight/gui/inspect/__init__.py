"""Inspect: what a filter does at a place of a photograph, and its result made again."""
