"""A plugin that cannot even be loaded. Installed by tests alone."""

raise ImportError("the library I need is not here")
