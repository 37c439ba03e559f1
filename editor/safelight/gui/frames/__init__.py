"""Frames: a sequence below the picture, gone through, played, and its keyframes."""
