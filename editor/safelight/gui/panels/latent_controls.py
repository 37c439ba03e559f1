"""Latent controls: how the controls of a generator belong together: lightbox, seed, codes, lock."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import cast

from safelight.gui.controls import CodeControl, Control, LightboxControl, PlaceControl


class Latents:
    """The controls that are about codes; of a filter without any it does nothing.

    It has to be made before anything else hears of the controls' changes, so that what a change
    brings with it belongs to the same step.
    """

    def __init__(self, controls: Sequence[Control]) -> None:
        self.lightbox = next((x for x in controls if isinstance(x, LightboxControl)), None)
        self.codes = [x for x in controls if isinstance(x, CodeControl)]
        self._seed = next((x for x in controls if x.parameter.kind == "seed"), None)
        self._held = next((x for x in self.codes if x.parameter.role == "held"), None)
        self._place = next(
            (x for x in controls if isinstance(x, PlaceControl) and len(x.fields) == 4), None
        )
        if self.lightbox is not None:
            self._connect(self.lightbox)

    def show(self) -> None:
        """Show what follows from the values there are."""
        if self.lightbox is not None:
            self.lightbox.show_locked(None if self._held is None else bool(self._held.value()))
            for code in self.codes:
                code.take_current.setEnabled(code.value() != self.lightbox.current())

    def _connect(self, lightbox: LightboxControl) -> None:
        if self._seed is not None:
            seed = self._seed
            lightbox.seed = lambda: cast(int, seed.value())
            seed.changed.connect(partial(lightbox.set_value, ()))
        for code in self.codes:
            code.taking.connect(lambda code=code: code.choose(lightbox.current()))
        lightbox.locking.connect(self._lock)

    def _lock(self, on: bool) -> None:
        """Keep what is in the middle now in a rectangle, which is then to be drawn."""
        if self._held is None or self.lightbox is None:
            return
        self._held.choose(self.lightbox.current() if on else ())
        if self._place is not None:
            self._place.pick.setChecked(on)
