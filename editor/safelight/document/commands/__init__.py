"""Commands: what people ask for by name, each an edit made of its settings."""
