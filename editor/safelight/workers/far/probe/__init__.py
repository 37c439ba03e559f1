"""Probe: what a network does not say of itself is found out by running it on test charts."""
