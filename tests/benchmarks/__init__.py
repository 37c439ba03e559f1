"""Benchmarks: what Safelight costs, as ratios whose two sides are measured in one run.

    python -m tests.benchmarks [NAME ...] [--pairs N] [--quick] [--json FILE]

startup     a usable window, against the smallest PySide6 window
throughput  enlarging through the whole path, against the bare network
memory      peak memory of enlarging in pieces, against the whole picture at once
handoff     giving 24 megapixels to a worker, against pickling them through a pipe
sketches    a lightbox's nine thumbnails, against the nine network runs
undo        a step back and forth in the history, against one copy of the picture

Nothing here fails on a slow machine: goals are printed beside the ratios, for people to judge.
"""
