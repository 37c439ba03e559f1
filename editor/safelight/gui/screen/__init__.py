"""Screen: a document's colours as the screen, or a print on it, shows them."""
