"""Jobs: filters on their way into a photograph: chosen, waiting, running, out of date."""
