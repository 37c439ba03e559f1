"""Inspection: what a neural filter does with a photograph, found out by trying it."""
