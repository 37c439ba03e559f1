"""Project data: documents as JSON and tiles as compressed bytes, there and back.

What is read may be a stranger's, or damaged: everything is checked before it is believed.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from safelight.api import Source, Value
from safelight.document import (
    Developed,
    Document,
    Group,
    Kept,
    Layer,
    LiveFilter,
    Metadata,
    Synthetic,
    frames,
)
from safelight.document.content import BUILT_IN, BY_NAME
from safelight.document.document import SavedSelection
from safelight.document.edits import How
from safelight.document.effects import Effect
from safelight.document.frames import Film, Frames
from safelight.document.geometry import LONGEST_SIDE
from safelight.document.gradients import Gradient, MaskGradient, Shape
from safelight.document.guides import MOST_GUIDES, Guide
from safelight.document.keyframes import MOST_FRAMES, Keyframe, Track
from safelight.document.layer import DEEPEST, MOST_LAYERS
from safelight.document.placement import IDENTITY, Place
from safelight.document.saved_selections import MOST as MOST_SAVED
from safelight.document.warped import Warped
from safelight.pixels import DEPTHS, SRGB, TILE, ColourError, Mesh, Profile, Raster, Warp

MOST_STEPS = 100_000
"""Steps of a history that is believed."""

_GRADIENT = ("x", "y", "to_x", "to_y", "ratio", "softness")
"""The numbers of a gradient."""

_DEEPEST_SETTING = 4
"""Lists within lists of one setting: a curve has two."""


_EFFECTS = 4
"""Effects of a layer: one of each kind."""

_LONGEST_SETTING = 2048
"""Characters of a setting that stand in the document; a longer text, a picture that a filter keeps,
is stored once for all steps of the history.
"""

_WARP_POINTS = 17
"""Points of a warp that are read: one more than there are makes no sense."""

_ASIDE = "stored text"
"""The name under which a content's JSON says where a long text of it is."""

_LONGEST_TEXT = 32 << 20
"""Characters of a document's JSON that are parsed: a thousand layers take half a million."""

_RAW, _ZSTD = b"\0", b"\1"

Keep = Callable[[Raster], str]
KeepBytes = Callable[[bytes], str]
Find = Callable[[str], Raster]
FindBytes = Callable[[str], bytes]
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


class DataError(ValueError):
    """Data that is no document; the message is a part of a sentence."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document with its row's name, and the rasters and blobs, by name, that the row names."""

    document: Document
    name: str
    rasters: Mapping[str, Raster]
    blobs: frozenset[str]


# -- tiles -----------------------------------------------------------------------------------


def packed(tile: NDArray[Any]) -> bytes:
    """A tile (height, width, channels), of uint8, uint16 or float32, as bytes: differences along
    its rows (integers), bytes by significance, Zstandard.

    What does not shrink is stored as it is.
    """
    import imagecodecs

    pixels = np.ascontiguousarray(tile)
    if pixels.dtype.kind == "u":
        coded = np.empty_like(pixels)
        coded[:, :1] = pixels[:, :1]
        np.subtract(pixels[:, 1:], pixels[:, :-1], out=coded[:, 1:])
    else:
        coded = pixels
    plain: Any = _by_significance(coded) if coded.itemsize > 1 else coded.reshape(-1).data
    small = imagecodecs.zstd_encode(plain, 1)
    return _ZSTD + bytes(small) if len(small) < pixels.nbytes else _RAW + pixels.tobytes()


def unpacked(data: bytes, shape: tuple[int, int, int], depth: str) -> NDArray[Any]:
    """The tile of that ``shape`` (height, width, channels) and depth (uint8, uint16 or float32)
    that ``packed`` has made bytes of. Raises DataError when the bytes are no such tile.
    """
    import imagecodecs

    size = math.prod(shape) * np.dtype(depth).itemsize
    kind, body = data[:1], data[1:]
    if kind == _RAW and len(body) == size:
        return np.frombuffer(body, depth).reshape(shape)
    if kind != _ZSTD:
        raise DataError("a tile has a size of its own")
    try:
        # Never more than ``size`` bytes are written, whatever the data claims.
        plain = imagecodecs.zstd_decode(body, out=bytearray(size))
    except Exception as error:  # imagecodecs has an error class for each codec
        raise DataError("a tile cannot be unpacked") from error
    if len(plain) != size:
        raise DataError("a tile is too small")
    coded = _from_significance(np.frombuffer(plain, np.uint8), shape, depth)
    if coded.dtype.kind != "u":
        return coded
    return np.add.accumulate(coded, axis=1, dtype=coded.dtype)


def _by_significance(pixels: NDArray[Any]) -> bytes:
    width = pixels.dtype.itemsize
    return pixels.reshape(-1).view(np.uint8).reshape(-1, width).T.tobytes()


def _from_significance(
    plain: NDArray[np.uint8], shape: tuple[int, int, int], depth: str
) -> NDArray[Any]:
    width = np.dtype(depth).itemsize
    if width > 1:
        plain = np.ascontiguousarray(plain.reshape(width, -1).T).reshape(-1)
    return plain.view(depth).reshape(shape)


# -- documents as JSON -----------------------------------------------------------------------


def to_json(document: Document, keep: Keep, keep_bytes: KeepBytes) -> str:
    """A document as text. ``keep`` stores a raster, ``keep_bytes`` bytes; each gives a name.

    Raises DataError for a document that ``from_json`` would refuse.
    """

    def bytes_or_none(data: bytes | None) -> str | None:
        return None if data is None else keep_bytes(data)

    if not document.layers:
        raise DataError("it has no layers")
    metadata = document.metadata
    dpi = _resolution(metadata.dpi)
    data = {
        "width": document.width,
        "height": document.height,
        "depth": document.depth,
        "name": document.name,
        "profile": bytes_or_none(document.profile.icc),
        "grey_profile": bytes_or_none(document.profile.grey),
        "exif": bytes_or_none(metadata.exif),
        "xmp": bytes_or_none(metadata.xmp),
        "iptc": bytes_or_none(metadata.iptc),
        "dpi": list(dpi) if dpi else None,
        "quantisation": document.source.quantisation,
        "grey": document.grey,
        "selection": keep(document.selection) if document.selection else None,
        "layers": [_layer_to_json(layer, keep, keep_bytes, 0) for layer in document.layers],
    }
    # What is where it is by itself is not told, so that a plain document is told as it ever was.
    data |= _told_place("frame", document.frame)
    data |= _told_place("selection_place", document.selection_place)
    data |= {"selection_beyond": 1} if document.selection_beyond else {}
    data |= {"linear": True} if document.linear else {}
    data |= {"texts": metadata.texts} if metadata.texts else {}
    data |= {"guides": document.guides} if document.guides else {}
    if document.saved:
        data["saved"] = [
            {"name": item.name, "mask": keep(item.mask), "beyond": item.beyond}
            | _told_place("place", item.place)
            for item in document.saved
        ]
    if sum(1 for _ in document.walk()) > MOST_LAYERS:
        raise DataError(f"there are more than {MOST_LAYERS} layers")
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    if len(text) > _LONGEST_TEXT:
        raise DataError("its layers' names and settings are far too long")
    return text


def _layer_to_json(layer: Layer, keep: Keep, keep_bytes: KeepBytes, depth: int) -> dict[str, Any]:
    if depth > DEEPEST:
        raise DataError(f"groups lie more than {DEEPEST} deep")
    held: Any
    if layer.holds_pixels:
        held = keep(layer.raster)
    elif layer.is_group:
        held = [_layer_to_json(item, keep, keep_bytes, depth + 1) for item in layer.layers]
    elif layer.filter is not None:
        held = _filter_to_json(layer.filter, keep, keep_bytes)
    elif (warp := layer.kind.warp(layer.content)) is not None:
        own = layer.kind.unwarped(layer.content)
        held = {"pixels": own and keep(own), **_warp_to_json(warp, keep)}
    elif layer.kind is frames.KIND:
        held = _frames_to_json(layer.content, keep)
    else:
        held = _told_aside(layer.kind.to_json(layer.content), keep_bytes)
    places = _told_place("place", layer.place) | _told_place("mask_place", layer.mask_place)
    places |= {"mask_beyond": 1} if layer.mask_beyond else {}
    if layer.mask_gradient is not None:
        places["mask_gradient"] = _gradient_to_json(layer.mask_gradient, keep)
    if layer.developed is not None:
        places["developed"] = _developed_to_json(layer.developed, keep_bytes)
    if layer.keyframes:
        places["keyframes"] = {
            track.name: [[key.frame, _number(key.value), key.interpolation] for key in track.keys]
            for track in layer.keyframes
        }
    if layer.effects:
        places["effects"] = [effect.to_json() for effect in layer.effects]
    return places | {
        layer.kind.name: held,
        "id": layer.id,
        "name": layer.name,
        "opacity": layer.opacity,
        "mode": layer.mode,
        "visible": layer.visible,
        "locked": layer.locked,
        "clipped": layer.clipped,
        "mask": keep(layer.mask) if layer.mask else None,
        "synthetic": layer.synthetic,
    }


def _frames_to_json(held: Frames, keep: Keep) -> dict[str, Any]:
    """A sequence. ``order`` names the pictures that the project keeps by their places in
    ``pictures``, those of a film that it names by −1 and further down.
    """
    film = None if held.film is None or held.film.kept else held.film
    named = {} if film is None else {id(each): -1 - at for at, each in enumerate(film.pictures)}
    own = dict.fromkeys(each for each in held.pictures if id(each) not in named)
    pictures = {picture: number for number, picture in enumerate(own)}
    told: dict[str, Any] = {
        "pictures": [keep(picture) for picture in pictures],
        "order": [
            named[id(each)] if id(each) in named else pictures[each] for each in held.pictures
        ],
        "durations": list(held.durations),
        "shown": held.shown,
    }
    if held.bounds:
        told["bounds"] = list(held.bounds)
    if film is not None and len(own) < len(held.pictures):
        first = held.picture
        told["film"] = {
            "files": [list(file) for file in film.files],
            "count": len(film.pictures),
            "shape": [first.height, first.width, first.channels],
            "depth": first.depth,
        }
    return told


def _frames_from_json(data: _Fields, found: _Found) -> Frames:
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


def _film(data: _Fields, found: _Found) -> Film | None:
    """The film that a sequence names, if it names one."""
    stated = data.optional("film", dict)
    if stated is None:
        return None
    told = _Fields(stated)
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


def _told_aside(data: Any, keep_bytes: KeepBytes) -> Any:
    """What a content is as JSON, its long texts stored once for all steps of the history."""
    if isinstance(data, Mapping):
        return {name: _told_aside(value, keep_bytes) for name, value in data.items()}
    if isinstance(data, str) and len(data) > _LONGEST_SETTING:
        return {_ASIDE: keep_bytes(data.encode("utf-8", "surrogatepass"))}
    return data


def _read_aside(data: Any, find_bytes: FindBytes, depth: int = 0) -> Any:
    """The inverse of ``_told_aside``."""
    if not isinstance(data, Mapping) or depth > _DEEPEST_SETTING:
        return data
    if set(data) == {_ASIDE} and isinstance(data[_ASIDE], str):
        return find_bytes(data[_ASIDE]).decode("utf-8", "surrogatepass")
    return {name: _read_aside(value, find_bytes, depth + 1) for name, value in data.items()}


def _gradient_to_json(held: MaskGradient, keep: Keep) -> dict[str, Any]:
    numbers = {name: getattr(held.gradient, name) for name in _GRADIENT}
    return numbers | {
        "shape": held.gradient.shape,
        "inverted": held.inverted,
        "how": held.how,
        "base": None if held.base is None else keep(held.base),
    }


def _gradient_from_json(data: _Fields, mask: Raster, found: _Found) -> MaskGradient:
    base = data.optional("base", str)
    held = None if base is None else found.raster(base)
    if held is not None and (held.channels, held.region) != (1, mask.region):
        raise DataError("what a gradient was laid on is not as large as the mask")
    return MaskGradient(
        Gradient(
            data.one_of("shape", dict.fromkeys(get_args(Shape))),  # type: ignore[arg-type]
            **{name: data.length(name) for name in _GRADIENT},
        ),
        inverted=data.required("inverted", bool),
        how=data.one_of("how", dict.fromkeys(get_args(How))),
        base=held,
        made=mask,
    )


def _developed_to_json(held: Developed, keep_bytes: KeepBytes) -> dict[str, Any]:
    return {
        "path": held.path,
        "sha256": held.sha256,
        "camera": held.camera,
        "settings": {name: _number(value) for name, value in held.settings.items()},
        "pixels": held.pixels,
        "file": None if held.file is None else keep_bytes(held.file),
    }


def _told_place(name: str, place: Place) -> dict[str, Any]:
    return {} if place == IDENTITY else {name: list(place.matrix)}


def _filter_to_json(held: LiveFilter, keep: Keep, keep_bytes: KeepBytes) -> dict[str, Any]:
    kept = held.kept

    def setting(value: Value) -> Any:
        if isinstance(value, str) and len(value) > _LONGEST_SETTING:
            return {"text": keep_bytes(value.encode("utf-8", "surrogatepass"))}
        return _number(value)

    return {
        "id": held.id,
        "title": held.title,
        "plugin": held.plugin,
        "version": held.version,
        "settings": {name: setting(value) for name, value in held.settings.items()},
        "channels": held.channels,
        "texture": held.texture,
        "masked": held.masked,
        "generates": held.generates,
        "keeps_grey": held.keeps_grey,
        "grow": held.grow,
        "feather": held.feather,
        "kept": kept
        and {
            "raster": keep(kept.raster),
            "key": kept.key,
            "models": dict(kept.models),
            "synthetic": kept.synthetic,
        }
        | _told_place("place", kept.place)
        | ({"frame": kept.frame} if kept.frame else {})
        | ({"made_with": dict(kept.made_with)} if kept.made_with else {}),
    }


def from_json(
    text: str,
    find: Find,
    find_bytes: FindBytes,
    share: Share,
    find_film: FindFilm,
) -> Document:
    """The inverse of ``to_json``. Raises DataError for text that is no document."""
    if len(text) > _LONGEST_TEXT:
        raise DataError("a document in it is far too large")
    try:
        data = json.loads(text, parse_constant=_no_number)
        whole = _Fields(data)
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
                dpi=None if dpi is None else _resolution(_pair(dpi, "dpi")),
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
    fields = [_Fields(item) for item in data]
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
    return tuple(Guide(axis, float(_value(at))) for axis, at in data)


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
        found.share(item, partial(_layer_from_json, _Fields(item), found, depth)) for item in data
    )


def _layer_from_json(data: _Fields, found: _Found, depth: int) -> Layer:
    pixels, group = data.optional("pixels", str), data.optional("group", list)
    film = data.optional("frames", dict)
    content: Any
    if pixels is not None:
        content = found.raster(pixels)
    elif group is not None:
        content = Group(_layers_from_json(group, found, depth + 1))
    elif (stated := data.optional("warped", dict)) is not None:
        content = _warped(_Fields(stated), found)
    elif film is not None:
        content = _frames_from_json(_Fields(film), found)
    else:
        content = data.held(found.bytes)
        if content is None:
            content = _filter_from_json(_Fields(data.required("filter", dict)), found)
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
        developed=None if developed is None else _developed_from_json(_Fields(developed), found),
        keyframes=_keyframes(data.optional("keyframes", dict) or {}),
        effects=tuple(map(Effect.from_json, (data.optional("effects", list) or [])[:_EFFECTS])),
        mask_gradient=None
        if gradient is None or shown is None
        else _gradient_from_json(_Fields(gradient), shown, found),
    )


def _keyframes(data: Mapping[str, Any]) -> tuple[Track, ...]:
    """What moves of a layer. Raises DataError."""
    made = []
    for name, keys in data.items():
        if not isinstance(keys, list) or not all(isinstance(x, list) and len(x) == 3 for x in keys):
            raise DataError("keyframes are none")
        found = (Keyframe(frame, _setting(value, 0), way) for frame, value, way in keys)
        made.append(Track(str(name), tuple(found)))
    return tuple(made)


def _warp_to_json(warp: Warp | Mesh, keep: Keep) -> dict[str, Any]:
    if isinstance(warp, Warp):
        return {"box": warp.box, "points": warp.points}
    return {"step": warp.step, "mesh": keep(warp.field)}


def _warped(data: _Fields, found: _Found) -> Warped:
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
    points = [_pair(point, "a point") for point in data.required("points", list)[:_WARP_POINTS]]
    (x, y), (width, height) = (_pair(data.required("box", list)[k : k + 2], "box") for k in (0, 2))
    box = (x, y, width, height)
    return Warped(found.raster(data.required("pixels", str)), Warp(box, tuple(points)))


def _developed_from_json(data: _Fields, found: _Found) -> Developed:
    file = data.optional("file", str)
    # Projects of before there was a choice were developed in linear light.
    settings = {"tone": "linear", **data.required("settings", dict)}
    return Developed(
        data.required("path", str),
        data.required("sha256", str),
        data.required("camera", str),
        {str(name): _value(value) for name, value in settings.items()},
        data.required("pixels", str),
        None if file is None else found.bytes(file),
    )


def _filter_from_json(data: _Fields, found: _Found) -> LiveFilter:
    kept, settings = data.optional("kept", dict), data.required("settings", dict)

    def setting(value: Any) -> Value:
        if isinstance(value, Mapping) and isinstance(value.get("text"), str):
            # One text for all steps of the history that have it.
            return sys.intern(found.bytes(value["text"]).decode("utf-8", "surrogatepass"))
        return _setting(value, 0)

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
        kept=None if kept is None else _kept_from_json(_Fields(kept), found.raster),
    )


def _kept_from_json(data: _Fields, find: Find) -> Kept:
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


class _Fields:
    """An object of JSON whose fields are checked as they are read."""

    def __init__(self, data: Any) -> None:
        if not isinstance(data, Mapping):
            raise DataError("something that should have fields has none")
        self._data = data

    def required(self, name: str, kind: type) -> Any:
        value = self._data.get(name)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise DataError(f"{name} is missing or is no {kind.__name__}")
        return value

    def optional(self, name: str, kind: type) -> Any:
        return None if self._data.get(name) is None else self.required(name, kind)

    def held(self, find_bytes: FindBytes) -> Any:
        """A layer's content of a kind that has no rasters and no layers; None where it has none."""
        for name in BY_NAME.keys() - BUILT_IN:
            if name in self._data:
                return BY_NAME[name].from_json(_read_aside(self._data[name], find_bytes))
        return None

    def number(self, name: str, low: int, high: int) -> int:
        value: int = self.required(name, int)
        if not low <= value <= high:
            raise DataError(f"{name} is {value}")
        return value

    def fraction(self, name: str) -> float:
        value = self._data.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise DataError(f"{name} is not between 0 and 1")
        return float(value)

    def length(self, name: str) -> float:
        """A number; 0 where an earlier version has written none."""
        value = self._data.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise DataError(f"{name} is no number")
        return float(value)

    def place(self, name: str) -> Place:
        """A map; where nothing is said, none that changes anything."""
        found = self.optional(name, list)
        if found is None:
            return IDENTITY
        numbers = [
            float(item) for item in found[:10] if type(item) in (int, float) and abs(item) < 1e12
        ]
        if len(numbers) != len(found):
            raise DataError(f"{name} is no place")
        return Place(tuple(numbers))

    def beyond(self, name: str) -> int:
        """What is beyond a mask: 0 or 1; 0 where nothing is said."""
        value: int = self._data.get(name, 0)
        if type(value) is not int or value not in (0, 1):
            raise DataError(f"{name} is neither 0 nor 1")
        return value

    def synthetic(self) -> Synthetic:
        """How much a generator has made; nothing where an earlier version does not say."""
        value: Synthetic = self._data.get("synthetic", "")
        if value not in get_args(Synthetic):
            raise DataError(f"synthetic is {str(value)[:40]!r}")
        return value

    def one_of(self, name: str, known: Mapping[str, Any]) -> str:
        value: str = self.required(name, str)
        if value not in known:
            raise DataError(f"{name} is {value[:40]!r}")
        return value


def tile_count(width: int, height: int) -> int:
    """How many tiles a raster has."""
    return -(-width // TILE) * -(-height // TILE)


def tile_shapes(width: int, height: int, channels: int) -> list[tuple[int, int, int]]:
    """Shapes of a raster's tiles, row by row."""
    return [
        (min(TILE, height - y), min(TILE, width - x), channels)
        for y in range(0, height, TILE)
        for x in range(0, width, TILE)
    ]


def _pair(values: list[Any], name: str) -> tuple[float, float]:
    numbers = [_value(value) for value in values]
    found = [float(item) for item in numbers if isinstance(item, (int, float))]
    if len(numbers) != 2 or len(found) != 2:
        raise DataError(f"{name} is no pair of numbers")
    return found[0], found[1]


def _told_texts(stated: list[Any]) -> tuple[tuple[str, str], ...]:
    """Keywords and texts of metadata. Raises DataError."""
    for row in stated:
        if not isinstance(row, list) or len(row) != 2 or not all(isinstance(x, str) for x in row):
            raise DataError("a text of its metadata is none")
    return tuple((keyword, text) for keyword, text in stated)


def _resolution(dpi: tuple[float, float] | None) -> tuple[float, float] | None:
    """Dots per inch, or None for numbers that are no resolution: pixels do not depend on it."""
    if dpi is None or not all(math.isfinite(value) and value > 0 for value in dpi):
        return None
    return dpi


_ODD = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


def _number(value: Value) -> Any:
    """A value for JSON, which has no tuples, and no words for what is no finite number."""
    if isinstance(value, tuple):
        return [_number(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": str(float(value))}
    return value


def _setting(found: Any, depth: int) -> Value:
    """The inverse of ``_number``: a list, which cannot be a key, is a tuple again."""
    if not isinstance(found, list):
        return _value(found)
    if depth == _DEEPEST_SETTING:
        raise DataError("a setting is no value")
    return tuple(_setting(item, depth + 1) for item in found)


def _value(found: Any) -> bool | int | float | str:
    """The inverse of ``_number`` for what is no tuple."""
    if isinstance(found, Mapping):
        found = _ODD.get(str(found.get("number")))
    if not isinstance(found, (bool, int, float, str)):
        raise DataError("a setting is no value")
    return found


def _no_number(text: str) -> float:
    raise DataError(f"{text} is no number")
