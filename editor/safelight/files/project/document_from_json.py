"""Document from JSON: the document that a project's text tells of.

What is read may be a stranger's, or damaged: everything is checked before it is believed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

from safelight.api import Source, Value
from safelight.document import Developed, Document, Group, Kept, Layer, LiveFilter, Metadata
from safelight.document.commands.saved_selections import MOST as MOST_SAVED
from safelight.document.contents.warped import Warped
from safelight.document.document import SavedSelection
from safelight.document.edits import How
from safelight.document.frames.frames_content import Film, Frames
from safelight.document.frames.keyframes import MOST_FRAMES, Keyframe, Track
from safelight.document.geometry import LONGEST_SIDE
from safelight.document.guides import MOST_GUIDES, Guide
from safelight.document.layer import DEEPEST, MOST_LAYERS
from safelight.document.rendered.effects import Effect
from safelight.document.rendered.gradients import Gradient, MaskGradient, Shape
from safelight.files.project.project_fields import (
    GRADIENT,
    LONGEST_TEXT,
    DataError,
    Fields,
    FindBytes,
    no_number,
    pair,
    resolution,
    setting_of,
    value_of,
)
from safelight.pixels import DEPTHS, SRGB, ColourError, Mesh, Profile, Raster, Warp

_EFFECTS = 4
"""Effects of a layer: one of each kind."""

_WARP_POINTS = 17
"""Points of a warp that are read: one more than there are makes no sense."""

Find = Callable[[str], Raster]

Share = Callable[[Any, Callable[[], Layer]], Layer]
"""Gives the layer that some JSON is: made, or one that was made of equal JSON before."""


@dataclass(frozen=True, slots=True)
class StoredFilm:
    """What a project tells of the files that it names: each file's path and what it is known by,
    how many pictures there are, their shape (height, width, channels) and depth.
    """

    files: tuple[tuple[str, str], ...]
    count: int
    shape: tuple[int, int, int]
    depth: str


FindFilm = Callable[[StoredFilm], Film]


def from_json(
    text: str,
    find: Find,
    find_bytes: FindBytes,
    share: Share,
    find_film: FindFilm,
) -> Document:
    """The inverse of ``to_json``. Raises DataError for text that is no document."""
    if len(text) > LONGEST_TEXT:
        raise DataError("a document in it is far too large")
    try:
        data = json.loads(text, parse_constant=no_number)
        whole = Fields(data)
        icc, one = whole.optional("profile", str), whole.optional("grey_profile", str)
        profile = SRGB if icc is None else Profile.from_icc(find_bytes(icc))
        dpi = whole.optional("dpi", list)
        names = {name: whole.optional(name, str) for name in ("exif", "xmp", "iptc")}
        selection = whole.optional("selection", str)
        stated = whole.required("layers", list)
        if not stated:
            raise DataError("it has no layers")
        layers = _layers_from_json(stated, _Found(find, find_bytes, share, find_film, [0]), 0)
        document = Document(
            width=whole.number("width", 1, LONGEST_SIDE),
            height=whole.number("height", 1, LONGEST_SIDE),
            depth=whole.one_of("depth", DEPTHS),
            name=whole.required("name", str),
            profile=profile if one is None else Profile.from_grey(find_bytes(one)),
            metadata=Metadata(
                **{name: None if key is None else find_bytes(key) for name, key in names.items()},
                dpi=None if dpi is None else resolution(pair(dpi, "dpi")),
                texts=_told_texts(whole.optional("texts", list) or []),
            ),
            selection=None if selection is None else find(selection),
            selection_place=whole.place("selection_place"),
            selection_beyond=whole.beyond("selection_beyond"),
            frame=whole.place("frame"),
            source=Source(_tables(whole.optional("quantisation", list) or [])),
            grey=whole.optional("grey", bool) or False,
            linear=whole.optional("linear", bool) or False,
            guides=_guides(whole.optional("guides", list) or []),
            saved=_saved(whole.optional("saved", list) or [], find),
            layers=layers,
        )
        if sum(1 for _ in document.walk()) > MOST_LAYERS:
            raise DataError(f"there are more than {MOST_LAYERS} layers")
        return document
    except (json.JSONDecodeError, RecursionError, ColourError) as error:
        raise DataError(f"a document cannot be read: {error}") from None
    except DataError:
        raise
    except (ValueError, TypeError, ArithmeticError, LookupError) as error:
        raise DataError(f"a document makes no sense: {error}") from None


def _saved(data: list[Any], find: Find) -> tuple[SavedSelection, ...]:
    if len(data) > MOST_SAVED:
        raise DataError(f"there are more than {MOST_SAVED} saved selections")
    fields = [Fields(item) for item in data]
    return tuple(
        SavedSelection(
            item.required("name", str),
            find(item.required("mask", str)),
            item.place("place"),
            item.beyond("beyond"),
        )
        for item in fields
    )


def _guides(data: list[Any]) -> tuple[Guide, ...]:
    if len(data) > MOST_GUIDES:
        raise DataError(f"there are more than {MOST_GUIDES} guides")
    if not all(isinstance(row, list) and len(row) == 2 for row in data):
        raise DataError("a guide is none")
    return tuple(Guide(axis, float(value_of(at))) for axis, at in data)


def _tables(data: list[Any]) -> tuple[tuple[int, ...], ...]:
    """Quantisation tables, which a JPEG has four of at most."""
    tables = tuple(tuple(int(step) for step in table) for table in data[:4])
    if any(len(table) != 64 for table in tables):
        raise DataError("a quantisation table has not 64 steps")
    if not all(0 < step < 1 << 16 for table in tables for step in table):
        raise DataError("a quantisation table has a step that none can have")
    return tables


@dataclass(frozen=True, slots=True)
class _Found:
    """Where what a document names is found, and how many layers it has had so far."""

    raster: Find
    bytes: FindBytes
    share: Share
    film: FindFilm
    counted: list[int]


def _layers_from_json(data: list[Any], found: _Found, depth: int) -> tuple[Layer, ...]:
    found.counted[0] += len(data)
    if depth > DEEPEST:
        raise DataError(f"groups lie more than {DEEPEST} deep")
    if found.counted[0] > MOST_LAYERS:
        raise DataError(f"there are more than {MOST_LAYERS} layers")
    return tuple(
        found.share(item, partial(_layer_from_json, Fields(item), found, depth)) for item in data
    )


def _layer_from_json(data: Fields, found: _Found, depth: int) -> Layer:
    pixels, group = data.optional("pixels", str), data.optional("group", list)
    film = data.optional("frames", dict)
    content: Any
    if pixels is not None:
        content = found.raster(pixels)
    elif group is not None:
        content = Group(_layers_from_json(group, found, depth + 1))
    elif (stated := data.optional("warped", dict)) is not None:
        content = _warped(Fields(stated), found)
    elif film is not None:
        content = _frames_from_json(Fields(film), found)
    else:
        content = data.held(found.bytes)
        if content is None:
            content = _filter_from_json(Fields(data.required("filter", dict)), found)
    mask = data.optional("mask", str)
    shown = None if mask is None else found.raster(mask)
    gradient = data.optional("mask_gradient", dict)
    developed = data.optional("developed", dict)
    return Layer(
        name=data.required("name", str),
        content=content,
        opacity=data.fraction("opacity"),
        mode=data.required("mode", str),
        visible=data.required("visible", bool),
        locked=data.required("locked", bool),
        clipped=data.required("clipped", bool),
        mask=shown,
        id=data.required("id", str),
        synthetic=data.synthetic(),
        place=data.place("place"),
        mask_place=data.place("mask_place"),
        mask_beyond=data.beyond("mask_beyond"),
        developed=None if developed is None else _developed_from_json(Fields(developed), found),
        keyframes=_keyframes(data.optional("keyframes", dict) or {}),
        effects=tuple(map(Effect.from_json, (data.optional("effects", list) or [])[:_EFFECTS])),
        mask_gradient=None
        if gradient is None or shown is None
        else _gradient_from_json(Fields(gradient), shown, found),
    )


def _frames_from_json(data: Fields, found: _Found) -> Frames:
    order, durations = data.required("order", list), data.required("durations", list)
    names = data.required("pictures", list)
    if max(len(order), len(durations), len(names)) > MOST_FRAMES:
        raise DataError("a sequence has far too many pictures")
    if not all(type(number) is int for number in (*order, *durations)):
        raise DataError("the order of a sequence is no list of numbers")
    film = _film(data, found)
    pictures = {number: found.raster(str(name)) for number, name in enumerate(names)}
    if film is not None:
        pictures |= {-1 - number: picture for number, picture in enumerate(film.pictures)}
    if not all(number in pictures for number in order):
        raise DataError("a sequence names a picture that is not there")
    shown = data.number("shown", 0, MOST_FRAMES)
    ends = data.optional("bounds", list)
    if ends is not None and (len(ends) != 2 or not all(type(each) is int for each in ends)):
        raise DataError("in and out of a sequence are no pair of numbers")
    bounds = None if ends is None else (ends[0], ends[1])
    made = tuple(pictures[number] for number in order)
    return Frames(made, tuple(durations), shown, bounds, film)


def _film(data: Fields, found: _Found) -> Film | None:
    """The film that a sequence names, if it names one."""
    stated = data.optional("film", dict)
    if stated is None:
        return None
    told = Fields(stated)
    files, shape = told.required("files", list), told.required("shape", list)
    count = told.number("count", 1, MOST_FRAMES)
    if not 1 <= len(files) <= MOST_FRAMES or len(files) not in (1, count):
        raise DataError("a film lies in no file")
    if not all(
        isinstance(file, list) and len(file) == 2 and all(isinstance(part, str) for part in file)
        for file in files
    ):
        raise DataError("a film names no file")
    if len(shape) != 3 or not all(type(side) is int and 0 < side <= LONGEST_SIDE for side in shape):
        raise DataError("a film has no size")
    height, width, channels = shape
    if channels not in (3, 4):
        raise DataError("a film is of no known kind")
    depth = told.one_of("depth", DEPTHS)
    named = tuple((path, mark) for path, mark in files)
    return found.film(StoredFilm(named, count, (height, width, channels), depth))


def _gradient_from_json(data: Fields, mask: Raster, found: _Found) -> MaskGradient:
    base = data.optional("base", str)
    held = None if base is None else found.raster(base)
    if held is not None and (held.channels, held.region) != (1, mask.region):
        raise DataError("what a gradient was laid on is not as large as the mask")
    return MaskGradient(
        Gradient(
            data.one_of("shape", dict.fromkeys(get_args(Shape))),  # type: ignore[arg-type]
            **{name: data.length(name) for name in GRADIENT},
        ),
        inverted=data.required("inverted", bool),
        how=data.one_of("how", dict.fromkeys(get_args(How))),
        base=held,
        made=mask,
    )


def _keyframes(data: Mapping[str, Any]) -> tuple[Track, ...]:
    """What moves of a layer. Raises DataError."""
    made = []
    for name, keys in data.items():
        if not isinstance(keys, list) or not all(isinstance(x, list) and len(x) == 3 for x in keys):
            raise DataError("keyframes are none")
        found = (Keyframe(frame, setting_of(value, 0), way) for frame, value, way in keys)
        made.append(Track(str(name), tuple(found)))
    return tuple(made)


def _warped(data: Fields, found: _Found) -> Warped:
    mesh = data.optional("mesh", str)
    if mesh is not None:
        raster, field = found.raster(data.required("pixels", str)), found.raster(mesh)
        at_rest = Mesh.at_rest(raster.width, raster.height)
        size, step = (at_rest.field.width, at_rest.field.height), data.required("step", float)
        if (field.width, field.height) != size or step != at_rest.step:
            raise DataError("a mesh does not lie on its pixels")
        if (field.channels, field.depth) != (3, "float32"):
            raise DataError("a mesh holds something else than places")
        return Warped(raster, Mesh(at_rest.size, step, field))
    points = [pair(point, "a point") for point in data.required("points", list)[:_WARP_POINTS]]
    (x, y), (width, height) = (pair(data.required("box", list)[k : k + 2], "box") for k in (0, 2))
    box = (x, y, width, height)
    return Warped(found.raster(data.required("pixels", str)), Warp(box, tuple(points)))


def _developed_from_json(data: Fields, found: _Found) -> Developed:
    file = data.optional("file", str)
    # Projects of before there was a choice were developed in linear light.
    settings = {"tone": "linear", **data.required("settings", dict)}
    return Developed(
        data.required("path", str),
        data.required("sha256", str),
        data.required("camera", str),
        {str(name): value_of(value) for name, value in settings.items()},
        data.required("pixels", str),
        None if file is None else found.bytes(file),
    )


def _filter_from_json(data: Fields, found: _Found) -> LiveFilter:
    kept, settings = data.optional("kept", dict), data.required("settings", dict)

    def setting(value: Any) -> Value:
        if isinstance(value, Mapping) and isinstance(value.get("text"), str):
            # One text for all steps of the history that have it.
            return sys.intern(found.bytes(value["text"]).decode("utf-8", "surrogatepass"))
        return setting_of(value, 0)

    settings = {name: setting(value) for name, value in settings.items()}
    return LiveFilter(
        id=data.required("id", str),
        title=data.required("title", str),
        plugin=data.required("plugin", str),
        version=data.required("version", str),
        settings=settings,
        channels=data.required("channels", str),
        texture=data.fraction("texture"),
        masked=data.optional("masked", bool) or False,
        generates=data.optional("generates", bool) or False,
        keeps_grey=data.optional("keeps_grey", bool) or False,
        grow=data.length("grow"),
        feather=data.length("feather"),
        kept=None if kept is None else _kept_from_json(Fields(kept), found.raster),
    )


def _kept_from_json(data: Fields, find: Find) -> Kept:
    models = data.required("models", dict)
    if not all(isinstance(value, str) for value in models.values()):
        raise DataError("a network's digest is no text")
    raster, key = data.required("raster", str), data.required("key", str)
    pixels = find(raster)
    if pixels.channels == 1:
        raise DataError("what a filter has kept is a mask, no picture")
    frame = data.optional("frame", int) or 0
    made_with = data.optional("made_with", dict) or {}
    if not all(isinstance(text, str) for text in (*made_with, *made_with.values())):
        raise DataError("what made a result is no text")
    place = data.place("place")
    return Kept(pixels, key, models, data.synthetic(), place, frame, made_with)


def _told_texts(stated: list[Any]) -> tuple[tuple[str, str], ...]:
    """Keywords and texts of metadata. Raises DataError."""
    for row in stated:
        if not isinstance(row, list) or len(row) != 2 or not all(isinstance(x, str) for x in row):
            raise DataError("a text of its metadata is none")
    return tuple((keyword, text) for keyword, text in stated)
