"""The document: one picture being edited, as a value. Knows no file, no process and no window."""

from safelight.document import (
    align_commands,
    cut_outs,
    distort_commands,
    edits,
    effect_commands,
    exposure_merge,
    gradient_commands,
    guide_commands,
    keyframe_commands,
    liquify,
    reshape_commands,
    retouch,
    retouch_commands,
    saved_selections,
    selections,
    sequence_commands,
    shape_commands,
    text_commands,
)
from safelight.document.command import DECLARED, Command, Edit, EditError, Record
from safelight.document.content import Channels, Group, Kept, LiveFilter, Synthetic
from safelight.document.document import Document, Metadata
from safelight.document.grey import is_grey
from safelight.document.history import History, Step
from safelight.document.layer import Layer, walk
from safelight.document.live import FilterFailed, LayerFailed, Live
from safelight.document.mask import effective_mask, effective_raster
from safelight.document.plane import around_region, reachable, seen_around
from safelight.document.raw_source import Developed
from safelight.document.render import (
    Renderer,
    kernels,
    plain_raster,
    render,
    render_srgb,
)
from safelight.document.result_key import canvas, is_stale, named_layers, result_key
from safelight.document.stroke import Stroke
from safelight.document.whole_picture import whole, whole_kernels

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
