"""Sequence: pictures in order are cleaned, steadied, merged and continued, each with what came
before it.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import numpy as np
from safelight_clean import light
from safelight_clean.estimates import noise_level

from safelight import api

from . import burst_mean, motion_paths, recursive_mean, steadiness

CLEANER = "safelight_clean:denoise.onnx"
NETWORK = "denoise_sequence.onnx"
MEMORY = 16
"""Channels that the network remembers, at half the size."""

BURST = 16
"""Pictures that a burst is made of at most: of a longer one the last ones."""

PREDICTOR = "continue.onnx"
HIDDEN = 48
"""Channels that the network of *Continue* remembers, twice, at a quarter of the size."""

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
    "Denoise sequence",
    category="Sequence",
    carries={
        "mean": api.Carried(3),
        "left": api.Carried(1),
        "previous": api.Carried(3, looked_at=True),
        "memory": api.Carried(MEMORY, size=2),
    },
    prepare=measured_noise,
    reach=light.REACH + recursive_mean.REACH,
    keeps_grey=True,
    purpose="restore",
    both_ways=True,
)
def denoise_sequence(
    image: api.Image,
    before: api.Before | None,
    job: api.Job,
    prepared: api.Prepared,
    automatic: Automatic = True,
    level: Level = 15.0,
    strength: Annotated[api.Fraction, "How much of the noise goes"] = 1.0,
) -> Made:
    """Take noise out of every picture of a sequence, with what the pictures before it show."""
    told = prepared.get("level") if automatic else level
    inputs = {} if told is None else {"level": told / 255}
    if before is None:
        half = api.Carried(MEMORY, size=2).shape(*image.shape[:2])
        mean, left = image, np.ones((*image.shape[:2], 1), np.float32)
        previous, memory = image, np.zeros(half, np.float32)
    else:
        mean, left = recursive_mean.merged(image, before, 0.0 if told is None else told / 255)
        previous = np.where(before["inside"] > 0, before["previous"], image)
        memory = before["memory"]
    carried = {"left": left, "newest": image, "previous": previous, "memory": memory}
    clean, after = job.step(NETWORK, mean, carried, **inputs)
    if before is None:
        clean = job.run(CLEANER, image, **inputs)  # of a frame alone Denoise finds more
    shown = light.kept(image, clean)
    result = image + np.float32(strength) * (shown - image)
    return result, {"mean": mean, "left": left, "previous": clean, "memory": after["memory"]}


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
    carries={"frames": api.Carried(3, frames=BURST - 1)},
    prepare=measured_noise,
    reach=light.REACH + burst_mean.REACH,
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
    linear: Annotated[bool, "Average light, as a sensor counts it, not the file's values"] = True,
    sharpness: Annotated[api.Fraction, "How much fine detail is lifted"] = 0.0,
) -> Made:
    """Lay those before it over each picture where they agree: the last one shows the burst."""
    told = (prepared.get("level", 0.0) if automatic else level) / 255
    mean, left = image, np.ones((*image.shape[:2], 1), np.float32)
    if before is not None:
        curves = (api.to_linear, api.from_linear) if linear else (_same, _same)
        mean, left = burst_mean.merged(image, before["frames"], before["inside"], told, *curves)
    shown = mean
    if clean and before is None:
        shown = light.kept(image, job.run(CLEANER, image, level=told))
    elif clean:
        nothing = np.zeros(api.Carried(MEMORY, size=2).shape(*image.shape[:2]), np.float32)
        given = {"left": left, "newest": image, "previous": mean, "memory": nothing}
        shown = light.kept(mean, job.step(NETWORK, mean, given, level=told)[0])
    return burst_mean.sharpened(shown, left, sharpness), {"frames": image}


def _same(picture: api.Image) -> api.Image:
    return picture


FRAME = api.Carried(3, stays=True)
STATE = api.Carried(HIDDEN, size=4)


@api.sequence_filter(
    "Frames between",
    category="Sequence",
    carries={"frame": FRAME},
    reach=motion_paths.REACH,
    keeps_grey=True,
    invents=True,
    adds="between",
)
def frames_between(image: api.Image, before: api.Before | None) -> Made:
    """Invent a picture between each two of a sequence: it runs as long, and twice as smoothly."""
    if before is None:
        return image.copy(), {"frame": image}
    # Without the network of Continue, which makes this no better.
    moved = motion_paths.moved(before["frame"], image, before["motion"], motion_paths.BETWEEN)
    return moved.blend, {"frame": image}


@api.sequence_filter(
    "Continue",
    category="Sequence",
    carries={"frame": FRAME, "hidden": STATE, "cell": STATE},
    reach=motion_paths.REACH,
    keeps_grey=True,
    invents=True,
    adds="after",
)
def continue_sequence(
    image: api.Image,
    before: api.Before | None,
    job: api.Job,
    frames: Annotated[int, api.Number(1, 24), "How many pictures come after the last one"] = 4,
) -> Made:
    """Invent what comes after the last picture of a sequence: what moves goes on as it did."""
    if before is None:
        nothing = np.zeros(STATE.shape(*image.shape[:2]), np.float32)
        return image.copy(), {"frame": image, "hidden": nothing, "cell": nothing}
    moved = motion_paths.moved(before["frame"], image, before["motion"], motion_paths.AFTER)
    given = {name: getattr(moved, name) for name in ("first", "second", "hints")}
    given |= {name: before[name] for name in ("hidden", "cell")}
    made, after = job.step(PREDICTOR, moved.blend, given)
    return made, {"frame": image, "hidden": after["hidden"], "cell": after["cell"]}


@api.hookimpl
def filters() -> list[Callable[..., Any]]:
    return [denoise_sequence, steady_light, merge_burst, frames_between, continue_sequence]
