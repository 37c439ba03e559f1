"""Adjust: what photographers change first, light and colour of each pixel alone."""

from safelight import api

from .colour import (
    black_and_white,
    channel_mixer,
    colour_balance,
    gradient_map,
    hue_saturation,
    photo_filter,
    saturation,
    split_toning,
    vibrance,
    white_balance,
)
from .light import brightness_contrast, curves, exposure, invert, levels, posterise, threshold

ADJUSTMENTS = (
    exposure,
    brightness_contrast,
    levels,
    curves,
    white_balance,
    vibrance,
    saturation,
    hue_saturation,
    black_and_white,
    colour_balance,
    split_toning,
    channel_mixer,
    photo_filter,
    gradient_map,
    invert,
    threshold,
    posterise,
)
"""What the plugin offers, in the order in which photographers use it."""


@api.hookimpl
def filters():
    return list(ADJUSTMENTS)
