"""Sequence: pictures in order are steadied and merged, each with what came before it."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import numpy as np
from safelight_clean import light
from safelight_clean.estimates import noise_level

from safelight import api

from . import burst_mean, steadiness

Made = tuple[api.Image, dict[str, api.Image]]
"""A frame, and what is carried to the next."""

Automatic = Annotated[bool, "Measure how strong the noise is"]
Level = Annotated[
    float,
    api.Number(0, 100, slider=(0, 55), step=0.5),
    api.Unless("automatic"),
    "How strong the noise is where it is not measured: its standard deviation of 255",
]


def measured_noise(image: api.Image, automatic: bool) -> Mapping[str, Any]:
    """The level where it is to be measured, and can be."""
    level = 255 * noise_level(image) if automatic else 0
    return {"level": round(level, 1)} if level else {}


@api.sequence_filter(
    "Steady light",
    category="Sequence",
    carries={"light": api.Carried(3, size=steadiness.SIZE)},
    reach=steadiness.REACH,
    keeps_grey=True,
    purpose="restore",
)
def steady_light(
    image: api.Image,
    before: api.Before | None,
    inertia: Annotated[api.Fraction, "How slowly the light may change"] = 0.9,
    colour: Annotated[bool, "Steady the colour of the light too, not its strength alone"] = True,
) -> Made:
    """Take the flicker out of a time-lapse or an old film: light may change slowly alone."""
    own = steadiness.light_of(image)
    if before is None:
        return image.copy(), {"light": own}
    wanted = steadiness.followed(before["light"], own, inertia)
    return steadiness.lit(image, own, wanted, colour), {"light": wanted}


@api.sequence_filter(
    "Merge burst",
    category="Sequence",
    carries={"mean": api.Carried(3), "weight": api.Carried(1)},
    prepare=measured_noise,
    reach=max(light.REACH, burst_mean.REACH),
    keeps_grey=True,
    purpose="restore",
)
def merge_burst(
    image: api.Image,
    before: api.Before | None,
    job: api.Job,
    prepared: api.Prepared,
    automatic: Automatic = True,
    level: Level = 15.0,
    clean: Annotated[bool, "Take out what noise is left, as Denoise does"] = True,
) -> Made:
    """Lay each picture over those before it where they agree: the last one shows the burst."""
    told = prepared.get("level", 0.0) if automatic else level
    mean, weight = burst_mean.merged(image, before, told / 255)
    if not clean:
        return mean.copy(), {"mean": mean, "weight": weight}
    left = told / 255 / float(np.sqrt(np.median(weight)))
    result = light.kept(mean, job.run("safelight_clean:denoise.onnx", mean, level=left))
    return result, {"mean": mean, "weight": weight}


@api.hookimpl
def filters() -> list[Callable[..., Any]]:
    return [steady_light, merge_burst]
