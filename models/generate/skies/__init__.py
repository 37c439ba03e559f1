"""Skies: a network that decides where clouds are, on one scalar field."""
