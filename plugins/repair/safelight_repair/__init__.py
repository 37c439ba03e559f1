"""Repair: fill what is missing in a photograph. The networks are not there yet, so no filter is."""
