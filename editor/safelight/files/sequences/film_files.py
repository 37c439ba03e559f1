"""Film files: what files of pictures are known by, and where a project finds them again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.document.frames.frames_content import Film, Frames
from safelight.files.codecs.photograph import DamagedError
from safelight.files.open_errors import OpenError
from safelight.files.project.document_from_json import StoredFilm
from safelight.files.regular_file import open_regular
from safelight.files.sequences.frame_tiles import FrameStore
from safelight.files.write_errors import plain_name
from safelight.pixels import Raster

MOST_KEPT = 256 << 20
"""Bytes of pixels, not compressed, that a project keeps unasked; of longer films it names the
files.
"""

_END = 1 << 16
"""Bytes of a file's beginning, and of its end, that it is known by."""

Pictures = Callable[[Sequence[Path]], Sequence[Raster]]
"""All pictures of one file, or the picture of each. Raises OpenError."""


def no_pictures(paths: Sequence[Path]) -> Sequence[Raster]:
    """Reads no films: for those who look at a project in passing. Raises OpenError."""
    raise OpenError(f"{plain_name(paths[0])} was not read.")


def mark_of(path: str | os.PathLike[str]) -> str:
    """What a file is known by: its size, and the SHA-256 of its beginning and its end. Raises
    OpenError.
    """
    name = plain_name(path)
    try:
        with open_regular(path, name) as file:
            size = os.fstat(file.fileno()).st_size
            digest = hashlib.sha256(file.read(_END))
            file.seek(max(size - _END, 0))
            digest.update(file.read(_END))
    except OSError as error:
        raise OpenError(f"{name} cannot be read: {error.strerror}.") from error
    return f"{size}:{digest.hexdigest()}"


def filmed(held: Frames, paths: Sequence[str | os.PathLike[str]]) -> Frames:
    """A sequence that has just been read from files, and names them. Raises OpenError."""
    picture = held.picture
    pixels = picture.width * picture.height * picture.channels * np.dtype(picture.depth).itemsize
    kept = len(held.pictures) * pixels <= MOST_KEPT
    files = tuple((os.path.abspath(path), mark_of(path)) for path in paths)
    return Frames(
        held.pictures, held.durations, held.shown, held.bounds, Film(files, held.pictures, kept)
    )


def named_alone(held: Frames) -> tuple[str, ...]:
    """What is to be known of a sequence whose pictures a project would not keep; else nothing."""
    if held.film is None or held.film.kept:
        return ()
    name = plain_name(held.film.files[0][0])
    files = name if len(held.film.files) == 1 else f"{name} and the files behind it"
    return (
        f"A project will name {files} and not keep the {len(held.pictures):,} frames:"
        " Image › Sequence › Keep in the project has it keep them.",
    )


class FilmReader:
    """Finds the films that a project names, and reads each once.

    ``folder`` is the project's. ``notes`` say what is missing: black pictures stand for it, and the
    project goes on naming it.
    """

    def __init__(self, folder: Path, pictures: Pictures, scratch: Path) -> None:
        self.notes: list[str] = []
        self._folder, self._pictures, self._scratch = folder, pictures, scratch
        self._films: dict[StoredFilm, Film] = {}

    def film(self, told: StoredFilm) -> Film:
        """The film that a project tells of."""
        if told not in self._films:
            self._films[told] = Film(told.files, self._read(told))
        return self._films[told]

    def _read(self, told: StoredFilm) -> tuple[Raster, ...]:
        found = [self._found(path, mark) for path, mark in told.files]
        named = zip(told.files, found, strict=True)
        lost = [plain_name(path) for (path, _), there in named if there is None]
        if lost:
            names = lost[0] if len(lost) == 1 else f"{lost[0]} and {len(lost) - 1:,} more"
            self.notes.append(
                f"{names} {'are' if len(lost) > 1 else 'is'} not where the frames of this project"
                " were read from, or no longer what was read: the frames are black. Put the file"
                " back, or beside the project, and open the project again."
            )
            return self._black(told)
        try:
            made = tuple(self._pictures([path for path in found if path is not None]))
        except OpenError as error:
            self.notes.append(f"{error} Its frames are black.")
            return self._black(told)
        kinds = {((each.height, each.width, each.channels), each.depth) for each in made}
        if len(made) != told.count or kinds != {(told.shape, told.depth)}:
            name = plain_name(told.files[0][0])
            self.notes.append(f"{name} is read differently now than before: its frames are black.")
            return self._black(told)
        return made

    def _black(self, told: StoredFilm) -> tuple[Raster, ...]:
        def decode(number: int) -> NDArray[Any]:
            raise DamagedError("is missing")

        key = os.urandom(12)
        store = FrameStore(told.count, told.shape, told.depth, decode, key, self._scratch)
        return tuple(store.rasters())

    def _found(self, path: str, mark: str) -> Path | None:
        """Where a file is now: where it was, or beside the project, or in a folder there."""
        was = Path(path)
        for place in (was, self._folder / was.name, self._folder / was.parent.name / was.name):
            try:
                if mark_of(place) == mark:
                    return place
            except OpenError:
                continue
        return None
