"""Raw layers: layers that remember a camera's raw file, sketched from it and developed again."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import BinaryIO

import numpy as np

from safelight.api import Value
from safelight.api.format import HEAD
from safelight.document import Developed, Document, Layer
from safelight.document.placement import Place
from safelight.files.codecs import raw, tiff
from safelight.files.codecs.photograph import Limit, OtherKindError
from safelight.files.codecs.raw_colours import metered
from safelight.files.codecs.raw_sketch import Sketch
from safelight.files.open_errors import OpenError, in_words
from safelight.files.photograph_document import Opened, in_colours_of, upright_document
from safelight.files.pixel_limit import limit_of
from safelight.files.read_photograph import codec_of
from safelight.files.regular_file import check_memory, open_regular, size_of
from safelight.files.untrusted_reader import HERE, Reading, known_of
from safelight.files.write_errors import plain_name


def remembering(
    opened: Opened, path: str | os.PathLike[str], settings: Mapping[str, Value]
) -> Opened:
    """A picture whose only layer remembers the raw file that it was made of. Raises OpenError."""
    name = plain_name(path)
    with open_regular(path, name) as file, in_words(name, None):
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    (layer,) = opened.document.layers
    developed = Developed(
        os.path.abspath(os.fspath(path)),
        digest,
        opened.facts.get("camera", ""),
        settings,
        layer.raster.digest().hex(),
    )
    document = replace(opened.document, layers=(replace(layer, developed=developed),))
    return replace(opened, document=document)


def metered_settings(
    path: str | os.PathLike[str],
    pixel_limit: int | None,
    reading: Reading,
    told: Mapping[str, Value],
) -> dict[str, Value]:
    """What a raw file is told, with the exposure that suits the picture. Raises OpenError."""
    found = sketch_raw(path, pixel_limit=pixel_limit, reading=reading)
    if found is None:
        raise OpenError(f"{plain_name(path)} is no camera's raw file: there is nothing to develop.")
    settings = raw.CODEC.opening_settings({**told, "exposure": 0.0})
    light = found.light.astype(np.float32) / np.float32(65535)
    return {**told, "exposure": metered(light, found.sensor, settings)}


def sketch_raw(
    path: str | os.PathLike[str], *, pixel_limit: int | None = None, reading: Reading = HERE
) -> Sketch | None:
    """A raw file half as large, to choose how it is developed; None for a file of another kind.

    Raises OpenError.
    """
    name, limit = plain_name(path), limit_of(pixel_limit)
    with open_regular(path, name) as file, in_words(name, limit):
        return _sketched(file, size_of(file), limit, reading)


def _sketched(file: BinaryIO, size: int, limit: Limit, reading: Reading) -> Sketch | None:
    """The sketch of a raw file of ``size`` bytes; None for a file of another kind."""
    codec = codec_of(file.read(HEAD), "")
    if codec not in (raw.CODEC, tiff.CODEC):  # many raw files begin as a TIFF does
        return None
    file.seek(0)
    try:
        return reading.sketch(file, size, limit)
    except OtherKindError:
        return None


def with_raw_file(document: Document, keep: bool) -> Document:
    """The document whose developed layers keep their raw files, or only name them.

    Raises OpenError for a file that is not there any more, or is another one.
    """
    for layer in document.walk():
        if layer.developed is not None and keep != (layer.developed.file is not None):
            data = raw_bytes(layer.developed) if keep else None
            held = replace(layer.developed, file=data)
            document = document.with_layer(replace(layer, developed=held))
    return document


def raw_bytes(developed: Developed, near: str | os.PathLike[str] | None = None) -> bytes:
    """The raw file that a layer was developed from: kept with it, where it lay, or by its name in
    the folder ``near``. Raises OpenError where it is none of these.
    """
    if developed.file is not None:
        return developed.file
    name = os.path.basename(developed.path)
    places = [developed.path, *([os.path.join(near, name)] if near is not None else [])]
    found = False
    for path in places:
        if not os.path.isfile(path):
            continue
        found = True
        with open_regular(path, plain_name(path)) as file, in_words(plain_name(path), None):
            check_memory(file, plain_name(path))
            data = file.read()
        if hashlib.sha256(data).hexdigest() == developed.sha256:
            return data
    shown = plain_name(developed.path)
    if found:
        raise OpenError(
            f"{shown} is another file now than the one that this layer was developed from; its"
            " pixels stay as they are."
        )
    raise OpenError(
        f"{shown}, which this layer was developed from, is not in {os.path.dirname(developed.path)}"
        " any more. Put it back, or beside the project; the layer's pixels stay as they are."
    )


def sketch_again(
    data: bytes, name: str, *, pixel_limit: int | None = None, reading: Reading = HERE
) -> Sketch:
    """``sketch_raw`` of a file in memory. Raises OpenError."""
    limit = limit_of(pixel_limit)
    with in_words(name, limit):
        found = _sketched(io.BytesIO(data), len(data), limit, reading)
    if found is None:
        raise OpenError(f"{name} is no camera's raw file: there is nothing to develop.")
    return found


def developed_again(
    document: Document,
    layer_id: str,
    data: bytes,
    settings: Mapping[str, Value],
    *,
    pixel_limit: int | None = None,
    reading: Reading = HERE,
) -> tuple[Layer, tuple[str, ...]]:
    """A layer with pixels that are developed anew from its raw file ``data``, in the document's
    profile and depth, and notes. Raises OpenError, and KeyError for a layer that is gone.
    """
    layer = document.layer(layer_id)
    assert layer.developed is not None
    name, limit = plain_name(layer.developed.path), limit_of(pixel_limit)
    told = raw.CODEC.opening_settings(settings)
    with in_words(name, limit):
        content = reading.decode(raw.CODEC, io.BytesIO(data), len(data), limit, told)
        made, _ = upright_document(content, known_of(content, reading), name, reading)
    raster = in_colours_of(made.layers[0].raster, made.profile, document)
    place = layer.place
    before = layer.raster
    if (before.width, before.height) != (raster.width, raster.height):
        # It was resized: it goes on covering what it covered.
        across, down = before.width / raster.width, before.height / raster.height
        place = place.after(Place.scaled(across, down))
    held = replace(layer.developed, settings=told, pixels=raster.digest().hex())
    changed = replace(layer, content=raster, place=place, developed=held)
    return changed, tuple(content.notes)
