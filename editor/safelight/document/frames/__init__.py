"""Frames: a layer's pictures in order, and what of a layer moves along them."""
