"""Threads: what runs beside the window's thread or in turns with it, and what is loaded when."""
