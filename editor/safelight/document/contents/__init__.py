"""Contents: what a layer can hold, and who answers for each kind."""
