"""Denoise sequence: the recurrent network that cleans frames in order."""
