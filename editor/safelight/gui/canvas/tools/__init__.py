"""Tools: one file each, and one line in the list, from which all that offers them is made."""

from __future__ import annotations

from safelight.gui.canvas.tools.brush import Brush, Eraser
from safelight.gui.canvas.tools.clone_brush import Clone, Heal
from safelight.gui.canvas.tools.colour_sampler import Sampler
from safelight.gui.canvas.tools.crop import Crop
from safelight.gui.canvas.tools.distort import Distort
from safelight.gui.canvas.tools.draw_shape import ShapeTool
from safelight.gui.canvas.tools.ellipse import Ellipse
from safelight.gui.canvas.tools.fill import Fill
from safelight.gui.canvas.tools.gradient import GradientTool
from safelight.gui.canvas.tools.hand import Hand
from safelight.gui.canvas.tools.lasso import Lasso
from safelight.gui.canvas.tools.liquify_brush import Liquify
from safelight.gui.canvas.tools.magnetic_lasso import Magnetic
from safelight.gui.canvas.tools.move import Move
from safelight.gui.canvas.tools.move_guides import Guides
from safelight.gui.canvas.tools.paint_brush import Paint, Pencil
from safelight.gui.canvas.tools.patch import Patch
from safelight.gui.canvas.tools.perspective import Perspective
from safelight.gui.canvas.tools.polygonal_lasso import Polygon
from safelight.gui.canvas.tools.rectangle import Rectangle
from safelight.gui.canvas.tools.red_eye_click import RedEye
from safelight.gui.canvas.tools.remove import Remove
from safelight.gui.canvas.tools.smudge_brush import Smudge
from safelight.gui.canvas.tools.split_line import Split
from safelight.gui.canvas.tools.subject import Subject
from safelight.gui.canvas.tools.tool import Tool
from safelight.gui.canvas.tools.touch_up_brush import TouchUp
from safelight.gui.canvas.tools.transform import Transform
from safelight.gui.canvas.tools.turn_view import Turn
from safelight.gui.canvas.tools.type_text import TextTool
from safelight.gui.canvas.tools.wand import Wand
from safelight.gui.canvas.tools.zoom import Zoom

TOOLS: list[type[Tool]] = [
    Move,
    Transform,
    Distort,
    Crop,
    Perspective,
    Rectangle,
    Ellipse,
    Lasso,
    Polygon,
    Magnetic,
    Wand,
    Subject,
    Brush,
    Eraser,
    Remove,
    Heal,
    Clone,
    Patch,
    RedEye,
    TouchUp,
    Smudge,
    Liquify,
    Paint,
    Pencil,
    GradientTool,
    Fill,
    ShapeTool,
    TextTool,
    Sampler,
    Zoom,
    Hand,
    Turn,
    Guides,
    Split,
]
"""Every tool, in the order of the column; those that are always there come last."""

__all__ = ["TOOLS", "Tool"]
