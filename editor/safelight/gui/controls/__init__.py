"""Controls: one for each kind of parameter a filter can declare."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from safelight.api import Parameter
from safelight.gui.controls.choice import ChoiceControl
from safelight.gui.controls.code_change import ChangeControl
from safelight.gui.controls.code_line import CodeControl
from safelight.gui.controls.control import Control
from safelight.gui.controls.curve import CurveControl
from safelight.gui.controls.flag import FlagControl
from safelight.gui.controls.lightbox import LightboxControl
from safelight.gui.controls.number import NumberControl
from safelight.gui.controls.palette import PaletteControl
from safelight.gui.controls.picture_choice import LayerControl, PictureControl
from safelight.gui.controls.place_choice import PlaceControl
from safelight.gui.controls.seed import SeedControl
from safelight.gui.controls.table_file import IccControl, LutControl
from safelight.gui.controls.text_and_colour import BoxControl, ColourControl, TextControl
from safelight.gui.controls.tone_range import ToneRangeControl
from safelight.gui.controls.tray import TrayControl

_CONTROLS: dict[str, type[Control]] = {
    "number": NumberControl,
    "integer": NumberControl,
    "flag": FlagControl,
    "choice": ChoiceControl,
    "text": TextControl,
    "colour": ColourControl,
    "seed": SeedControl,
    "point": PlaceControl,
    "rectangle": PlaceControl,
    "box": BoxControl,
    "curve": CurveControl,
    "tone_range": ToneRangeControl,
    "picture": PictureControl,
    "layer": LayerControl,
    "code": LightboxControl,
    "palette": PaletteControl,
    "lut": LutControl,
    "icc": IccControl,
}


def control_for(parameter: Parameter, parent: QWidget | None = None) -> Control:
    """The control that a parameter's kind calls for, at its default."""
    if parameter.kind == "picture" and parameter.tray:
        return TrayControl(parameter, parent)
    if parameter.role == "change":
        return ChangeControl(parameter, parent)
    if parameter.kind == "code" and parameter.role:
        return CodeControl(parameter, parent)
    return _CONTROLS[parameter.kind](parameter, parent)


__all__ = [
    "ChangeControl",
    "CodeControl",
    "Control",
    "LayerControl",
    "LightboxControl",
    "PaletteControl",
    "PlaceControl",
    "TrayControl",
    "control_for",
]
