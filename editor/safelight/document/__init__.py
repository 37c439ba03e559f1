"""The document: one picture being edited, as a value. Knows no file, no process and no window."""

from safelight.document import edits
from safelight.document.commands import (
    align_commands,
    cut_outs,
    distort_commands,
    effect_commands,
    exposure_merge,
    gradient_commands,
    guide_commands,
    keyframe_commands,
    reshape_commands,
    retouch_commands,
    saved_selections,
    selections,
    sequence_commands,
    shape_commands,
    text_commands,
)
from safelight.document.commands.command import DECLARED, Command, Edit, EditError, Record
from safelight.document.contents.content import Channels, Group, Kept, LiveFilter, Synthetic
from safelight.document.contents.raw_source import Developed
from safelight.document.document import Document, Metadata
from safelight.document.history import History, Step
from safelight.document.layer import Layer, walk
from safelight.document.mask import effective_mask, effective_raster
from safelight.document.rendered.grey import is_grey
from safelight.document.rendered.live import FilterFailed, LayerFailed, Live
from safelight.document.rendered.plane import around_region, reachable, seen_around
from safelight.document.rendered.render import (
    Renderer,
    kernels,
    plain_raster,
    render,
    render_srgb,
)
from safelight.document.rendered.result_key import canvas, is_stale, named_layers, result_key
from safelight.document.rendered.whole_picture import whole, whole_kernels
from safelight.document.strokes import liquify, retouch
from safelight.document.strokes.stroke import Stroke

__all__ = [
    "align_commands",
    "around_region",
    "DECLARED",
    "Channels",
    "Command",
    "Developed",
    "Document",
    "Edit",
    "EditError",
    "FilterFailed",
    "Group",
    "History",
    "Kept",
    "Layer",
    "LayerFailed",
    "Live",
    "LiveFilter",
    "Metadata",
    "Record",
    "Renderer",
    "Step",
    "Stroke",
    "Synthetic",
    "edits",
    "gradient_commands",
    "guide_commands",
    "keyframe_commands",
    "effect_commands",
    "exposure_merge",
    "effective_mask",
    "effective_raster",
    "canvas",
    "cut_outs",
    "distort_commands",
    "is_grey",
    "liquify",
    "is_stale",
    "named_layers",
    "kernels",
    "plain_raster",
    "reachable",
    "render",
    "render_srgb",
    "reshape_commands",
    "saved_selections",
    "selections",
    "sequence_commands",
    "shape_commands",
    "text_commands",
    "result_key",
    "retouch",
    "retouch_commands",
    "seen_around",
    "walk",
    "whole",
    "whole_kernels",
]
