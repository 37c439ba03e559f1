"""Sequences: files that hold pictures in order, read one picture at a time, and written."""
