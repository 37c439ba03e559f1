"""Enlarge: a convolutional network that makes photographs two or four times as large."""
