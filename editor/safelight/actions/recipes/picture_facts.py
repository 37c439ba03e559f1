"""Picture facts: what is known of a picture by name, for a recipe's variables and conditions."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from safelight.document import Document
from safelight.files.metadata.capture_metadata import capture_of
from safelight.files.metadata.descriptive_metadata import as_text, facts
from safelight.files.metadata.moment_taken import taken

Fact: TypeAlias = float | str

FACTS = {
    "name": "the file's name without its ending",
    "folder": "the name of the folder in which the file lies",
    "bytes": "bytes of the file",
    "number": "the picture's number in its batch, from 1",
    "width": "pixels from left to right, at that step",
    "height": "pixels from top to bottom, at that step",
    "longest": "pixels of the longer side",
    "shortest": "pixels of the shorter side",
    "megapixels": "millions of pixels",
    "orientation": "landscape, portrait or square",
    "camera": "the camera's make and model",
    "lens": "the lens",
    "iso": "the sensor's speed",
    "exposure": "seconds of the exposure",
    "aperture": "the f-number",
    "focal_length": "millimetres",
    "taken": "when it was taken, YYYY-MM-DD hh:mm:ss",
    "title": "its title",
    "caption": "its caption",
    "creator": "who made it",
    "rights": "its copyright notice",
}
"""What a recipe can ask of a picture, and what that is."""

_SAID = ("title", "caption", "creator", "rights")

_TESTS = ("least", "most")


@dataclass(frozen=True, slots=True)
class Picture:
    """The file that a picture came from: its ``name`` without an ending, the name of its
    ``folder``, its size in ``bytes``, and its ``number`` in a batch, from 1.
    """

    name: str = ""
    folder: str = ""
    bytes: int = 0
    number: int = 1

    @classmethod
    def of(cls, path: Path, number: int = 1) -> Picture:
        """The facts of a file that is there. Raises OSError."""
        return cls(path.stem, path.absolute().parent.name, path.stat().st_size, number)

    def facts(self, document: Document) -> dict[str, Fact]:
        """What is known of the picture, as ``document`` is now; what nobody knows is not in it."""
        width, height = document.width, document.height
        found: dict[str, Fact | None] = {
            "name": self.name,
            "folder": self.folder,
            "bytes": self.bytes,
            "number": self.number,
            "width": width,
            "height": height,
            "longest": max(width, height),
            "shortest": min(width, height),
            "megapixels": width * height / 1e6,
            "orientation": "square"
            if width == height
            else "landscape"
            if width > height
            else "portrait",
        }
        shot = capture_of(document.metadata)
        moment, said = taken(document.metadata), facts(document.metadata)
        found |= {
            "camera": _camera(shot.make, shot.model),
            "lens": shot.lens,
            "iso": shot.iso,
            "exposure": shot.exposure,
            "aperture": shot.aperture,
            "focal_length": shot.focal_length,
            "taken": f"{moment:%Y-%m-%d %H:%M:%S}" if moment else None,
            **{key: as_text(key, said[key]) for key in _SAID if said.get(key)},
        }
        return {key: value for key, value in found.items() if value not in (None, "")}


def _camera(make: str, model: str) -> str:
    """Make and model, the make once: many models begin with it."""
    repeated = model.casefold().startswith(make.casefold())
    return model if repeated else f"{make} {model}".strip()


def condition_fault(condition: Any) -> str:
    """Why something cannot be a condition: an object of facts and tests. "" where it can be."""
    if not isinstance(condition, dict) or not condition:
        return 'a condition is an object, as {"iso": {"least": 1600}}'
    for name, test in condition.items():
        if name not in FACTS:
            return f"there is no fact {name[:40]!r}; there are {', '.join(FACTS)}"
        tests = test if isinstance(test, list) else [test]
        if isinstance(test, dict):
            numbers = [value for key, value in test.items() if key in _TESTS]
            if not test or set(test) - set(_TESTS) or not all(map(_is_number, numbers)):
                return f'{name} is tested by numbers, {{"least": …, "most": …}}'
        elif not tests or not all(isinstance(item, str) or _is_number(item) for item in tests):
            return f"{name} is tested by a value, by several in a list, or by a least and a most"
    return ""


def holds(condition: Mapping[str, Any], known: Mapping[str, Fact]) -> bool:
    """Whether all that a condition asks for is so; a fact that nobody knows is not.

    Texts are compared in any case, ``*`` stands for any letters; of several in a list one is
    enough.
    """
    return all(name in known and _fits(test, known[name]) for name, test in condition.items())


def _fits(test: Any, value: Fact) -> bool:
    if isinstance(test, dict):
        if isinstance(value, str):
            return False
        return bool(test.get("least", value) <= value <= test.get("most", value))
    for item in test if isinstance(test, (list, tuple)) else (test,):
        if isinstance(item, str) or isinstance(value, str):
            if fnmatch.fnmatchcase(str(value).casefold(), str(item).casefold()):
                return True
        elif item == value:
            return True
    return False


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
