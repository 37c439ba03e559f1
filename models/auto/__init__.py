"""Auto light: a network that sees a thumbnail and says how its light should be set."""
