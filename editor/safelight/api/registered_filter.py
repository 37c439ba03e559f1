"""Registered filter: a declared function inside the process that runs it, with its reach."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from safelight.api.declaration import Declaration, Settings, is_whole
from safelight.api.filter_job import Job
from safelight.api.image import Image
from safelight.api.kinds import Value, frozen
from safelight.api.parameters import ParameterError
from safelight.api.prepare import Prepare, Source, prepared
from safelight.api.tone_table import Stage, applied, stages_of

Reach = int | Callable[..., int]
"""How far a filter looks, in pixels: a number, or a function of parameters of those names."""

Upgrade = Callable[[dict[str, Value], str], Mapping[str, object]]
"""From settings as an earlier version of the plugin saved them, and that version (``"1.2.0"``), to
settings as this one takes them."""

LONGEST_SIDE = 1 << 14
"""Pixels of the longer side of a picture that a filter may see whole."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A filter inside the process that runs it: its declaration, its function, its reach."""

    declaration: Declaration
    function: Callable[..., Any]
    reach: Reach
    wants: frozenset[str]
    prepare: Prepare | None = None
    upgrade: Upgrade | None = None
    auto: Prepare | None = None
    whole: int = 0

    def upgraded(self, settings: Settings, version: str) -> dict[str, Value]:
        """Complete, checked settings, of those that ``version`` of the plugin saved.

        Raises ParameterError for what is still not legal.
        """
        if self.upgrade is None:
            return self.declaration.settings(settings)
        found = self.upgrade({name: frozen(value) for name, value in settings.items()}, version)
        if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
            shown = type(found).__name__
            raise ParameterError(f"upgrade of {self.declaration.name} gave {shown}, no settings")
        return self.declaration.settings(found)

    def call(
        self, image: Image | None, values: Mapping[str, Any], offered: Mapping[str, Any]
    ) -> Any:
        """Call the function: with ``image``, or the region to be made, ``values`` of its
        parameters, and what it asks for of all that the host has ``offered`` by name.

        Of a tone it gives what its table makes of ``image``. Raises TableError where it has none.
        """
        if self.declaration.tone:
            assert image is not None
            return applied(self.table(values), image)
        first = offered["region"] if self.declaration.generates else image
        return self.function(first, **values, **{name: offered[name] for name in self.wants})

    def table(self, settings: Mapping[str, Any]) -> tuple[Stage, ...]:
        """The stages of a tone for these settings. Raises TableError for what is no table."""
        return stages_of(self.function(**settings))

    def expected(self, height: int, width: int, scale: int) -> tuple[int, ...]:
        """The shape of the result for an image of this size."""
        sides = (height * scale, width * scale)
        return sides if self.declaration.selects else (*sides, 3)

    def prepared(
        self,
        picture: Image,
        settings: Settings,
        source: Source | None = None,
        job: Job | None = None,
    ) -> dict[str, Any]:
        """What the filter measures of the whole picture (height, width, 3), or of its thumbnail.

        Empty where it measures nothing. ``job`` runs its networks. Raises ValueError for what is no
        plain data.
        """
        if self.prepare is None:
            return {}
        return prepared(self.prepare, picture, settings, source or Source(), job)

    def found(self, thumbnail: Image, settings: Settings, job: Job | None = None) -> dict[str, Any]:
        """The settings that it finds for a picture (height, width, 3), seen as its thumbnail.

        Nothing where it finds none. Raises ValueError for what is no plain data.
        """
        if self.auto is None:
            return {}
        return prepared(self.auto, thumbnail, settings, Source(), job)

    def reach_of(self, settings: Settings) -> int:
        """How many pixels around its own a result pixel depends on, for these settings.

        Of one that sees the picture whole it is the longest side of a picture. Raises ValueError
        when the plugin's own function gives something else than a length.
        """
        if self.whole:
            return LONGEST_SIDE
        reach = self.reach
        if callable(reach):
            names = inspect.signature(reach).parameters
            reach = reach(**{name: settings[name] for name in names})
        if not is_whole(reach) or reach < 0:
            raise ValueError(f"reach is {reach!r}; it must be a whole number of pixels, 0 or more")
        return reach
