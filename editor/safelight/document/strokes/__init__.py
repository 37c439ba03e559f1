"""Strokes: what a hand's path lays on a layer or a mask, draws along or pushes."""
