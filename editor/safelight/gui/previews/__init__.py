"""Previews: what computes pictures that are only looked at: trials, proofs, lightboxes."""
