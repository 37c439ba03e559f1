"""Looks: tables of colours, of a .cube file or made here of the other adjustments."""

from collections.abc import Callable
from typing import Annotated, Literal

from safelight import api
from safelight.api import Stage

from .colour import saturation, split_toning, white_balance
from .light import LUMINANCE, brightness_contrast, curves


@api.tone("Look-up table", category="Colour")
def lut(
    table: Annotated[api.Lut, "A look in a .cube file, as film emulations and video come in"] = "",
) -> api.Table:
    """Give the picture the look of a .cube file; the layer's amount says how much of it.

    Tables of one dimension are joined by straight lines, those of three interpolated in tetrahedra
    (``api.Lattice``). The table is kept in the layer itself, in projects and in recipes.
    """
    return api.cube_stages(table)


def _film() -> api.Table:
    return _together(
        curves(
            rgb=((0.0, 0.035), (0.25, 0.22), (0.6, 0.66), (1.0, 0.975)),
            red=((0.0, 0.0), (0.5, 0.51), (1.0, 1.0)),
            blue=((0.0, 0.02), (0.5, 0.49), (1.0, 0.97)),
        ),
        saturation(-10.0),
        split_toning(205.0, 16.0, 48.0, 14.0),
    )


def _teal_and_orange() -> api.Table:
    return _together(
        brightness_contrast(contrast=14.0),
        saturation(12.0),
        split_toning(192.0, 48.0, 32.0, 40.0, -8.0),
    )


def _faded() -> api.Table:
    return _together(
        saturation(-28.0),
        curves(
            rgb=((0.0, 0.11), (0.3, 0.34), (0.75, 0.74), (1.0, 0.93)),
            blue=((0.0, 0.03), (1.0, 0.94)),
        ),
    )


def _bleach_bypass() -> api.Table:
    return _together(saturation(-62.0), brightness_contrast(3.0, 38.0))


def _golden_hour() -> api.Table:
    return _together(
        white_balance(7900.0, 6.0),
        curves(rgb=((0.0, 0.02), (0.5, 0.54), (1.0, 1.0))),
        split_toning(18.0, 12.0, 46.0, 26.0),
    )


def _cold_morning() -> api.Table:
    return _together(
        white_balance(5500.0, -4.0),
        saturation(-14.0),
        curves(rgb=((0.0, 0.05), (0.5, 0.52), (1.0, 0.98))),
        split_toning(222.0, 22.0, 200.0, 6.0),
    )


def _noir() -> api.Table:
    return _together(LUMINANCE, curves(rgb=((0.0, 0.0), (0.28, 0.17), (0.7, 0.8), (1.0, 1.0))))


def _together(*tables: api.Table) -> api.Table:
    """Several tables as one, in which each follows the one before it."""
    stages: list[Stage] = []
    for table in tables:
        stages += [table] if isinstance(table, Stage) else table
    return stages


_MADE: dict[str, Callable[[], api.Table]] = {
    "film": _film,
    "teal and orange": _teal_and_orange,
    "faded": _faded,
    "bleach bypass": _bleach_bypass,
    "golden hour": _golden_hour,
    "cold morning": _cold_morning,
    "noir": _noir,
}


@api.tone("Looks", category="Colour")
def looks(
    look: Annotated[
        Literal[
            "film", "teal and orange", "faded", "bleach bypass", "golden hour", "cold morning",
            "noir",
        ],
        "Which one; the layer's amount says how much of it",
    ] = "film",
) -> api.Table:  # fmt: skip
    """Give the picture a ready-made look, made of curves, tints and saturation."""
    return _MADE[look]()
