"""Clean: how the networks that remove noise, JPEG damage and blur are made."""
