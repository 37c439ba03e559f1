"""Adjust: what photographers change first: light, colour and detail."""

from safelight import api

from .auto import auto_light
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
from .light import (
    brightness_contrast,
    curves,
    exposure,
    invert,
    levels,
    light,
    posterise,
    threshold,
)
from .local import (
    bilateral,
    clarity,
    dehaze,
    grain,
    high_pass,
    local_contrast,
    median,
    shadows_highlights,
    sharpen,
    vignette,
)
from .looks import looks, lut

ADJUSTMENTS = (
    auto_light,
    light,
    exposure,
    brightness_contrast,
    levels,
    curves,
    shadows_highlights,
    dehaze,
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
    lut,
    looks,
    invert,
    threshold,
    posterise,
    vignette,
    clarity,
    local_contrast,
    sharpen,
    grain,
    high_pass,
    median,
    bilateral,
)
"""What the plugin offers, in the order in which photographers use it."""


@api.hookimpl
def filters():
    return list(ADJUSTMENTS)
