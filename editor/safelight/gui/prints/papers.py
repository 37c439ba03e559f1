"""Papers: how large those are that pictures are printed on."""

from __future__ import annotations

PAPERS = {
    "A4": (210.0, 297.0),
    "A3": (297.0, 420.0),
    "A5": (148.0, 210.0),
    "Letter": (215.9, 279.4),
    "10 × 15 cm": (100.0, 150.0),
    "13 × 18 cm": (130.0, 180.0),
    "20 × 30 cm": (200.0, 300.0),
}
"""Width and height in mm, standing (ISO 216, ANSI/ASME Y14.1, and prints of photographs)."""

POSTERS = {"A2": (420.0, 594.0), "30 × 40 cm": (300.0, 400.0), "50 × 70 cm": (500.0, 700.0)}
"""Papers that an office printer does not take, in the same units."""
