"""Provenance: how a picture was made, stated in its file, signed, and read back."""
