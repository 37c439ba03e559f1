"""Networks that make pictures from nothing, and how they are trained, watched and measured."""
