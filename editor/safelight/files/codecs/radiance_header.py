"""Radiance header: what the lines of a file tell of a picture of light, read and written.

Names and forms are those of Radiance's own library (``RHgetInfo``, ``RHstartHeader``): OWNER,
CAMERA, CAPDATE by the clock beside the camera, GMT, LATLONG in degrees north and east, SOFTWARE,
VIEW, and parameters of other names. Lines without a name are comments.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from safelight.document import Metadata
from safelight.files.metadata import descriptive_changes, descriptive_metadata
from safelight.files.metadata.capture_metadata import (
    Capture,
    capture_of,
    moment,
    offset_of,
    seconds_of,
    with_capture,
)
from safelight.files.plain_text import plain_text

HEAD = 1 << 16
"""Bytes that a header may have."""

_MOST_WRITTEN = HEAD - (1 << 12)
_LINE = re.compile(r"([A-Za-z][\w .:/-]{0,78}?)\s*=\s*(.*)")
_PARAMETER = re.compile(r"[A-Za-z][\w.:/-]{0,78}")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?")
_EXPOSURE, _CORRECTION, _PRIMARIES = "EXPOSURE", "COLORCORR", "PRIMARIES"
_SAID = {"OWNER": "rights"}
_SHOT = ("CAMERA", "CAPDATE", "GMT", "LATLONG")
_KEYWORDS = {"SOFTWARE": "Software"}
"""Names of lines that other formats know by another keyword."""

_COMMENT = "Comment"
_OWN = frozenset(("FORMAT", _EXPOSURE, _CORRECTION, _PRIMARIES, *_SAID, *_SHOT))
_FORM = "%Y:%m:%d %H:%M:%S"


@dataclass(slots=True)
class Head:
    """What a header tells: by how much the light was multiplied, red, green and blue; the places
    of red, green, blue and white (x, y), or none; and the metadata.
    """

    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    places: tuple[float, ...] = ()
    metadata: Metadata = field(default_factory=Metadata)


def head_of(data: bytes, notes: list[str]) -> Head:
    """Take the lines of a header apart; ``data`` ends before the empty one."""
    lines = [_decoded(line) for line in data.split(b"\n")[1:]]
    comments: list[str] = []
    rows: list[tuple[str, str]] = []
    for line in lines:
        found = _LINE.fullmatch(line.strip())
        if found is not None and not line.startswith("#"):
            rows.append((found[1], found[2].strip()))
        elif line.strip(" #"):
            comments.append(line.removeprefix("#").strip())
    stated = dict(rows)
    scale = [1.0, 1.0, 1.0]
    for name, text in rows:
        if name in (_EXPOSURE, _CORRECTION):
            numbers = _numbers(text, 1 if name == _EXPOSURE else 3)
            if numbers is None or not all(1e-9 < number < 1e9 for number in numbers):
                notes.append(f"The file states {name} as {plain_text(text)}, which was left out.")
            else:
                scale = [
                    old * new for old, new in zip(scale, numbers * (3 // len(numbers)), strict=True)
                ]
    texts = [(_KEYWORDS.get(name, name), text) for name, text in rows if name not in _OWN and text]
    if any(number != 1 for number in scale):
        texts.append((_EXPOSURE, " ".join(f"{number:.7g}" for number in _short(scale))))
    texts += [(_COMMENT, "\n".join(comments))] if comments else []
    metadata = Metadata(texts=tuple(texts))
    metadata = with_capture(metadata, _capture(stated))
    said = {key: [stated[name]] for name, key in _SAID.items() if stated.get(name)}
    if said:
        bare = descriptive_changes.stating(replace(metadata, texts=()), said)
        metadata = replace(metadata, exif=bare.exif)
    places = _numbers(stated.get(_PRIMARIES, ""), 8) or ()
    if not places and _PRIMARIES in stated:
        notes.append("The primaries that the file states are none; they were left out.")
    return Head((scale[0], scale[1], scale[2]), tuple(places), metadata)


def _capture(stated: dict[str, str]) -> Capture:
    taken, at_zero = (moment(stated.get(name, "")) for name in ("CAPDATE", "GMT"))
    offset = ""
    if taken and at_zero:
        try:
            ahead = datetime.strptime(taken, _FORM) - datetime.strptime(at_zero, _FORM)
            offset = offset_of(ahead.total_seconds())
        except ValueError:
            pass
    place = _numbers(stated.get("LATLONG", ""), 2)
    there = place is not None and abs(place[0]) <= 90 and abs(place[1]) <= 180
    return Capture(
        model=stated.get("CAMERA", ""),
        taken=taken or at_zero,
        offset=offset if taken else "+00:00" if at_zero else "",
        place=(place[0], place[1]) if there and place is not None else None,
    )


def _numbers(text: str, count: int) -> list[float] | None:
    parts = text.split()
    if len(parts) < count or not all(_NUMBER.fullmatch(part) for part in parts[:count]):
        return None
    return [float(part) for part in parts[:count]]


def _short(scale: Sequence[float]) -> Sequence[float]:
    return scale[:1] if len(set(scale)) == 1 else scale


def _decoded(line: bytes) -> str:
    try:
        return line.decode().rstrip("\r")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace").rstrip("\r")


# -- writing ----------------------------------------------------------------------------------


def lines_of(
    metadata: Metadata, notes: list[str], places: Sequence[float] = ()
) -> tuple[list[str], tuple[float, float, float]]:
    """The lines behind the first that tell all of it, and what the light has to be multiplied by,
    red, green and blue. ``notes`` say what there is no room for.
    """
    lines: list[str] = []
    lost: list[str] = []
    scale = (1.0, 1.0, 1.0)
    for keyword, text in metadata.texts:
        name = next((own for own, known in _KEYWORDS.items() if known == keyword), keyword)
        plain = " ".join(text.split())
        if keyword in (_COMMENT, "UserComment"):
            lines += [f"# {line}" for line in text.split("\n") if line.strip()]
        elif name == _EXPOSURE:
            numbers = _numbers(text, 3) or _numbers(text, 1)
            if numbers and all(1e-9 < n < 1e9 and math.isfinite(n) for n in numbers):
                red, green, blue = numbers * (3 // len(numbers))
                scale = red, green, blue
                lines.append(
                    f"{_EXPOSURE}={red:.7g}"
                    if red == green == blue
                    else f"{_CORRECTION}={red:.7g} {green:.7g} {blue:.7g}"
                )
            else:
                lost.append(keyword)
        elif name not in _OWN and _PARAMETER.fullmatch(name) and plain:
            lines.append(f"{name}= {plain}")
        elif plain:
            lost.append(keyword)
    lines += _of_shot(capture_of(metadata))
    known = descriptive_metadata.facts(metadata)
    for name, key in _SAID.items():
        text = " ".join(descriptive_metadata.as_text(key, known.get(key, ())).split())
        lines += [f"{name}= {text}"] if text else []
    if places:
        lines.append(f"{_PRIMARIES}= " + " ".join(f"{number:.9g}" for number in places))
    room = _MOST_WRITTEN
    kept: list[str] = []
    for line in sorted(lines, key=len):
        room -= len(line.encode()) + 1
        if room < 0:
            lost.append(line.partition("=")[0][:40])
        else:
            kept.append(line)
    if lost:
        names = ", ".join(plain_text(name) for name in dict.fromkeys(lost))
        notes.append(
            f"What the file says under {names} was left out: Radiance has no place for it."
        )
    held = set(kept)
    return [line for line in lines if line in held], scale


def _of_shot(capture: Capture) -> list[str]:
    lines: list[str] = []
    maker, model = capture.make, capture.model
    camera = model if model.startswith(maker) else f"{maker} {model}"
    lines += [f"CAMERA= {' '.join(camera.split())}"] if camera.strip() else []
    taken = moment(capture.taken)
    if taken:
        lines.append(f"CAPDATE= {taken}")
        ahead = seconds_of(capture.offset)
        if ahead is not None:
            try:
                at_zero = datetime.strptime(taken, _FORM) - timedelta(seconds=ahead)
                lines.append(f"GMT= {at_zero:%Y:%m:%d %H:%M:%S}")
            except (ValueError, OverflowError):
                pass
    if capture.place is not None:
        lines.append(f"LATLONG= {capture.place[0]:.6f} {capture.place[1]:.6f}")
    return lines


__all__ = ["HEAD", "Head", "head_of", "lines_of"]
