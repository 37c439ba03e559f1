"""Skies: the photographs that they are made of, and the numbers that tell what each is like."""
