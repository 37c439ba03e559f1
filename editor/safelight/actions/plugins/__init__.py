"""Plugins: what installs, lists, checks, updates and writes plugins and networks."""
