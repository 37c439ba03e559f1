"""Adjust sections: what *Adjust* offers, in the order in which photographers reach for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from safelight.api import Declaration, Value


@dataclass(frozen=True, slots=True)
class Row:
    """Sliders of one filter: they set one layer of it.

    ``parameters`` are by their names, each with what its slider is called, "" = as the filter calls
    it. ``neutral`` are the values at which the filter changes nothing, where its defaults do:
    a new layer has all of them but what was moved. ``tracks`` are colours of a slider's line.
    ``one`` says that one parameter is shown at a time. ``bends`` are the channels whose tones enter
    the curve of a parameter: 0 to 3 are red, green, blue and luminance.
    """

    filter: str
    parameters: Mapping[str, str]
    neutral: Mapping[str, Value] = field(default_factory=dict)
    tracks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    one: bool = False
    bends: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def begins(self, declaration: Declaration) -> dict[str, Value]:
        """The settings at which the filter changes nothing."""
        return declaration.settings(dict(self.neutral))


@dataclass(frozen=True, slots=True)
class Auto:
    """A filter that finds settings for the sliders of several rows, and of other sections too.

    ``rows`` are the filters whose layers are laid, bottom first, each with its parameters and
    what they are called where they are found. Laid one above the other they do what ``filter`` does
    with what it has found.
    """

    filter: str
    rows: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of *Adjust*: its rows, and below them the filters of some categories, by their title.

    ``first`` are the ids of filters that are seen while it is folded too; ``grey`` is the parameter
    of its first row with which old layers hold a colour that should be grey: what *Auto* of that
    row finds of one pixel makes it grey; ``auto`` finds settings where its filter and those that it
    sets are installed: else the first row that can does; ``unfolded`` says how it is at first.
    """

    title: str
    rows: tuple[Row, ...] = ()
    categories: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    grey: str = ""
    auto: Auto | None = None
    unfolded: bool = False


def _row(filter: str, /, **parameters: str) -> Row:
    return Row(f"safelight_adjust.{filter}", parameters)


def _amount(filter: str, title: str, **more: str) -> Row:
    """Sliders of a filter that by default changes something: its amount begins at 0."""
    return Row(f"safelight_adjust.{filter}", {"amount": title, **more}, {"amount": 0.0})


SECTIONS: tuple[Section, ...] = (
    Section(
        "White balance",
        (
            Row(
                "safelight_adjust.white_balance",
                {"temperature": "", "tint": ""},
                tracks={
                    "temperature": ("#4f7fc4", "#8a8a8a", "#cf9a3c"),
                    "tint": ("#5a9a55", "#8a8a8a", "#b0559f"),
                },
            ),
        ),
        grey="grey",
        unfolded=True,
    ),
    Section(
        "Light",
        (_row("light", exposure="", contrast="", highlights="", shadows=""),),
        ("Light",),
        auto=Auto(
            "safelight_adjust.auto_light",
            {
                "safelight_adjust.white_balance": {"temperature": "temperature", "tint": "tint"},
                "safelight_adjust.light": {"exposure": "exposure", "contrast": "contrast"},
                "safelight_adjust.curves": {"rgb": "curve"},
            },
        ),
        unfolded=True,
    ),
    Section(
        "Curves",
        (
            Row(
                "safelight_adjust.curves",
                {"rgb": "RGB", "luminance": "Luma", "red": "R", "green": "G", "blue": "B"},
                one=True,
                bends={
                    "rgb": (0, 1, 2),
                    "luminance": (3,),
                    "red": (0,),
                    "green": (1,),
                    "blue": (2,),
                },
            ),
        ),
    ),
    Section(
        "Colour",
        (_amount("vibrance", "Vibrance"), _amount("saturation", "Saturation")),
        ("Colour",),
        ("safelight_adjust.black_and_white",),
    ),
    Section(
        "Detail",
        (_amount("sharpen", "Sharpen", radius="Radius"), _amount("clarity", "Clarity")),
        ("Detail", "Clean", "Blur"),
        ("safelight_clean.denoise",),
    ),
    Section(
        "Effects",
        (
            _amount("dehaze", "Dehaze"),
            _amount("vignette", "Vignette"),
            _amount("grain", "Grain"),
        ),
        ("Effects",),
    ),
    Section(
        "Neural",
        (),
        ("Size", "Repair", "Style", "Generate"),
        ("safelight_enlarge.enlarge", "safelight_repair.repair", "safelight_style.style"),
    ),
)


def sections(filters: Sequence[Declaration]) -> list[Section]:
    """The sections of the table, and one for each category that none of them has."""
    known = {category for section in SECTIONS for category in section.categories}
    others = dict.fromkeys(item.category for item in filters if item.category not in known)
    return [*SECTIONS, *(Section(category, (), (category,)) for category in others)]


def offered(section: Section, filters: Sequence[Declaration]) -> list[Declaration]:
    """The filters below a section's sliders: those of its categories that no slider sets wholly."""
    return [item for item in filters if item.category in section.categories and not _whole(item)]


def _whole(declaration: Declaration) -> bool:
    """Whether sliders of the table set all that a filter can be told."""
    shown = {
        name for _, row in ROWS.values() if row.filter == declaration.id for name in row.parameters
    }
    return bool(shown) and {item.name for item in declaration.parameters} <= shown


ROWS: dict[str, tuple[Section, Row]] = {
    row.filter: (section, row) for section in SECTIONS for row in section.rows
}
"""The rows of the table, and the section of each, by the id of the filter."""
