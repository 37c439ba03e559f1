"""Fuzzy search: a few words, as other programs, initials or slips spell them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")

ALSO = {
    "bw": ("black white",),
    "b&w": ("black white",),
    "monochrome": ("black white",),
    "greyscale": ("black white",),
    "desaturate": ("saturation",),
    "upscale": ("enlarge",),
    "superresolution": ("enlarge",),
    "super": ("enlarge",),
    "rotate": ("turn",),
    "mirror": ("flip",),
    "horizon": ("straighten",),
    "level": ("straighten", "levels"),
    "scale": ("resize",),
    "size": ("resize",),
    "inpaint": ("remove",),
    "heal": ("healing brush", "remove"),
    "healing": ("healing brush", "remove"),
    "spot": ("remove", "healing brush"),
    "stamp": ("clone stamp",),
    "lighten": ("dodge",),
    "darken": ("burn",),
    "sponge": ("dodge",),
    "erase": ("eraser", "remove"),
    "restore": ("repair",),
    "scratches": ("repair", "damage"),
    "despeckle": ("median", "denoise"),
    "noise": ("denoise", "grain"),
    "unsharp": ("sharpen",),
    "usm": ("sharpen",),
    "blurry": ("deblur",),
    "wb": ("white balance",),
    "temperature": ("white balance",),
    "kelvin": ("white balance",),
    "tint": ("white balance",),
    "sepia": ("split toning",),
    "duotone": ("split toning", "gradient map"),
    "negative": ("invert",),
    "structure": ("clarity",),
    "texture": ("clarity",),
    "fog": ("dehaze",),
    "mist": ("dehaze",),
    "ev": ("exposure",),
    "lighter": ("exposure", "brightness"),
    "darker": ("exposure", "brightness"),
    "gamma": ("levels",),
    "hsl": ("hue",),
    "lut": ("look",),
    "marquee": ("rectangle",),
    "pan": ("hand",),
    "paint": ("paint", "brush"),
    "cut": ("crop",),
    "trim": ("crop",),
    "artistic": ("style",),
    "painting": ("style",),
}
"""Words of other programs, and the titles here that they mean, each by its telling words."""

_SPELT = {"color": "colour", "gray": "grey", "center": "centre", "ize": "ise"}
_DESCRIBED = 100
"""Rank of a word that only a description has."""

_NEAR = 0.8
"""How alike (``difflib``) a mistyped word is to the one that is meant, at least."""


def found(query: str, items: Iterable[tuple[Item, str, str, str]]) -> list[Item]:
    """The items that a query means, the likeliest first; all, in their order, for no words.

    Each item comes with its title, its place in the menus and a description. Every word of the
    query has to mean something of it: the start of a word of the title first, then a part of one,
    its initials, a word of another program (``ALSO``), a word of the place, a mistyped word, and
    last, where nothing is called that, a word of the description. Of two that are as likely the
    shorter one comes first.
    """
    words = [_spelt(word) for word in query.split()]
    ranked: list[tuple[int, int, int, Item]] = []
    for number, (item, title, place, description) in enumerate(items):
        titled = _words(title)
        ranks = [_rank(word, titled, _words(place), description) for word in words]
        known = [rank for rank in ranks if rank is not None]
        if len(known) == len(words):
            ranked.append((sum(known), len(titled) if words else 0, number, item))
    ranked.sort(key=lambda entry: entry[:-1])
    if ranked and ranked[0][0] < _DESCRIBED:  # what something is called, not what is said of it
        ranked = [entry for entry in ranked if entry[0] < _DESCRIBED]
    return [entry[-1] for entry in ranked]


def _rank(word: str, title: Sequence[str], place: Sequence[str], description: str) -> int | None:
    """How far a word is from what something is called, 0 for its name; None for no relation."""
    if word in title:
        return 0
    if any(other.startswith(word) for other in title):
        return 1
    if any(word in other for other in title):
        return 2
    initials = "".join(other[0] for other in title)
    plain = "".join(other[0] for other in title if other not in ("and", "of", "as", "to", "the"))
    if len(word) > 1 and (initials.startswith(word) or plain.startswith(word)):
        return 3
    if any(set(meant.split()) <= set(title) for meant in ALSO.get(word, ())):
        return 3
    if any(other.startswith(word) for other in place):
        return 4
    # Slips hardly ever are in the first letter, and "ungroup" is no slip of "group".
    near = [other for other in title if other[0] == word[0]]
    if len(word) > 3 and difflib.get_close_matches(word, near, 1, _NEAR):
        return 5
    if len(word) > 3 and any(other.startswith(word) for other in _words(description)):
        return _DESCRIBED
    return None


def _words(text: str) -> list[str]:
    return [_spelt(word) for word in re.findall(r"[^\W_]+", text)]


def _spelt(word: str) -> str:
    """A word in small letters and in the spelling of this program."""
    word = word.casefold()
    for theirs, ours in _SPELT.items():
        word = word.replace(theirs, ours)
    return word
