"""Metadata: what files say of photographs, in EXIF, XMP, IPTC and makers' tables."""
