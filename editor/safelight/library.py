"""Library: Safelight in a notebook or a program of one's own, without the window.

    from safelight import library

    with library.Session() as session:
        picture = session.open("photo.jpg")
        clean = picture.apply("denoise").apply("resize", width=1200)
        clean.export("small.jpg", quality=85)
        clean.pixels()          # numpy, (height, width, 3 or 4)

A ``Picture`` never changes: ``apply`` and ``run`` give another one, whose history goes on. Files
and strangers' plugins are read in the same confined processes as the window's.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight import actions
from safelight.actions.opened_file import opened_file
from safelight.actions.recipes import (
    Picture as _Origin,
)
from safelight.actions.recipes import (
    Recipe,
    RecipeError,
    Step,
    check_recipe,
    play,
    read_recipe,
    ready_recipes,
    recorded,
)
from safelight.actions.recipes.process_file import through_jobs
from safelight.actions.recipes.recipe_steps import export_options
from safelight.actions.stop import Stop
from safelight.api import Region, Value
from safelight.document import DECLARED, Document, History, Record, render
from safelight.pixels import Raster

_SHOWN = 1024
"""Pixels of the longer side of a picture that a notebook shows."""


class Session:
    """The plugins and the processes that pictures go through. Close it, or use ``with``.

    ``device`` is "auto", "cpu" or "cuda"; ``patience`` the seconds that a filter may be silent.
    """

    def __init__(self, device: str = "auto", *, patience: float = 120.0) -> None:
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        self._studio = actions.Studio(device, patience=patience)
        self._studio.reload()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes."""
        self._studio.close()

    def open(self, path: str | os.PathLike[str], *, pixel_limit: int | None = None) -> Picture:
        """The picture in a file, or what a project holds with its history.

        Raises ``actions.OpenError`` and ``actions.ProjectError``, each a sentence.
        """
        path = Path(path)
        origin = _Origin.of(path) if path.is_file() else None
        importers = self._studio.importers
        with opened_file(path, pixel_limit=pixel_limit, importers=importers) as (history, notes):
            return Picture(self, history, notes, origin, path)

    def picture(self, pixels: NDArray[Any], *, name: str = "Picture") -> Picture:
        """A picture of an array: (height, width), or with 1, 3 or 4 channels; of uint8, uint16, or
        of floats 0 to 1 (more is brighter than white). Its colours are sRGB. Raises ValueError for
        any other array.
        """
        held = np.asarray(pixels)
        if held.ndim == 2:
            held = held[..., None]
        if held.ndim != 3 or held.shape[2] not in (1, 3, 4) or 0 in held.shape:
            raise ValueError(f"a picture is height × width × 1, 3 or 4, not {held.shape}")
        if held.dtype.kind == "f":
            held = held.astype(np.float32)
            if not np.isfinite(held).all():
                raise ValueError("a picture has no infinite numbers and none that are no number")
        if held.dtype not in (np.uint8, np.uint16, np.float32):
            raise ValueError(f"a picture is of uint8, uint16 or floats, not {held.dtype}")
        if held.shape[2] == 1:
            held = np.repeat(held, 3, axis=2)
        raster = Raster.from_array(np.ascontiguousarray(held))
        return Picture(self, History.start(Document.from_raster(raster, name=name)))

    def filters(self) -> dict[str, str]:
        """The filters that can be applied, by id, each with what it does."""
        return {item.id: item.description for item in self._studio.filters()}

    @staticmethod
    def commands() -> dict[str, str]:
        """The commands that can be applied, by id, each with what it does."""
        return {item.id: item.description for item in DECLARED.values()}

    @staticmethod
    def recipes() -> dict[str, Path]:
        """The recipes that can be run by name, with their files."""
        return ready_recipes()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with its history, in a session. ``notes`` say what opening it has mended."""

    _session: Session
    _history: History
    notes: tuple[str, ...] = ()
    _origin: _Origin | None = None
    _file: Path | None = None

    @property
    def document(self) -> Document:
        """The document: its layers, its metadata, what is selected."""
        return self._history.document

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.document.width, self.document.height

    def apply(self, name: str, **settings: Any) -> Picture:
        """The picture with a filter or a command applied, by its id or a filter's short name.

        Raises ParameterError for a setting that cannot be, ``actions.UnknownFilter`` for a name
        that there is not, EditError and ``actions.FilterFailed`` for what failed.
        """
        studio = self._session._studio
        given: dict[str, Value] = dict(settings)
        if name in DECLARED and not any(name in (x.id, x.name) for x in studio.filters()):
            DECLARED[name].settings(given)
            step = Record("command", name, given)
        else:
            filter = studio.filter(name)
            step = Record("filter", filter.id, filter.settings(given))
        return self._done(Recipe((Step.of(step),)))

    def run(
        self, recipe: str | os.PathLike[str] | Recipe, answers: Mapping[str, Value] | None = None
    ) -> Picture:
        """The picture with a recipe done: a file, a name of ``Session.recipes``, or a recipe.

        ``answers`` are to what it leaves open. Raises ``recipes.RecipeError`` and what ``apply``
        raises.
        """
        if not isinstance(recipe, Recipe):
            recipe = read_recipe(ready_recipes().get(str(recipe), Path(recipe)))
        recipe = recipe.answered(answers or {})
        check_recipe(recipe, self._session._studio.filter)
        return self._done(recipe)

    def recipe(self, *, relative: bool = True) -> Recipe:
        """What was done to the picture, as a recipe; rectangles are in parts of it, unless not
        ``relative``. Raises ``recipes.RecipeError`` for what no recipe can hold.
        """
        found, lost = recorded(self._history, relative=relative)
        if lost:
            raise RecipeError(lost[0])
        return found

    def pixels(self, depth: str = "") -> NDArray[Any]:
        """What the picture shows, (height, width, 3 or 4), in the document's own colour profile:
        of its own depth, or of "uint8", "uint16" or "float32". Raises ``actions.LayerFailed``.
        """
        region = Region(0, 0, *self.size)
        return render(self.document, region, self._session._studio.live, depth or None)

    def export(
        self, path: str | os.PathLike[str], *, overwrite: bool = False, **options: Any
    ) -> actions.Exported:
        """Write what the picture shows, as ``actions.ExportOptions`` say; a project where the name
        ends in ``.safelight``. Raises ``actions.ExportError``, ``actions.FileExists`` and
        ``actions.WriteError``, each a sentence.
        """
        path = Path(path)
        if actions.is_project(path):
            actions.Project.create(path, self._history, overwrite=overwrite).close()
            return actions.Exported(path, path.stat().st_size, ())
        return actions.export(
            self.document,
            path,
            export_options(options),
            overwrite=overwrite,
            live=self._session._studio.live,
            exporters=self._session._studio.exporters,
            origin=actions.Origin(self._file, self._history.records()),
        )

    def _repr_png_(self) -> bytes:
        """A small copy, as notebooks show it."""
        from PIL import Image

        pixels = self.pixels("uint8")
        shown = Image.fromarray(pixels)
        shown.thumbnail((_SHOWN, _SHOWN))
        held = io.BytesIO()
        shown.save(held, "PNG", icc_profile=self.document.profile.icc or None)
        return held.getvalue()

    def _done(self, recipe: Recipe) -> Picture:
        studio = self._session._studio
        history = play(
            recipe, self._history, through_jobs(studio, Stop()), studio.live, picture=self._origin
        )
        return Picture(self._session, history, self.notes, self._origin)
