"""Of 0.1: a plugin that uses all that version 0.1 of the API had, as its authors wrote it."""

from typing import Annotated, Literal

import numpy as np

from safelight import api

Level = Annotated[float, api.Number(0, 1, slider=(0, 0.5), step=0.01)]


def measured(thumbnail: api.Image) -> dict[str, float]:
    """The mean light."""
    return {"mean": float(np.nan_to_num(thumbnail).mean())}


@api.filter("Old lift", category="Old", prepare=measured)
def old_lift(
    image: api.Image,
    prepared: api.Prepared,
    job: api.Job,
    level: Level = 0.1,
    how: Literal["soft", "hard"] = "soft",
) -> api.Image:
    """Lift the shadows."""
    job.progress(0.5)
    job.check()
    lift = np.float32(level * (1.0 if how == "hard" else 0.5) * prepared.get("mean", 0.5))
    return image + lift


@api.filter("Old frame", category="Old")
def old_frame(image: api.Image, region: api.Region, canvas: api.HexColour = "#ffffff") -> api.Image:
    """A parameter called canvas, which the host did not give then."""
    return image * np.float32(int(canvas[1:3], 16) / 255)


@api.selector("Old highlights", category="Old", reach=2)
def old_highlights(image: api.Image, above: api.Fraction = 0.8) -> api.Mask:
    """Select what is light."""
    return (np.nan_to_num(image).mean(axis=2) > above).astype(np.float32)


@api.filter("Old hole", category="Old", reach=4)
def old_hole(image: api.Image, mask: api.Mask) -> api.Image:
    """Darken what is selected."""
    return image * (1 - mask[..., None] / 2)


@api.generator("Old fog", category="Old")
def old_fog(region: api.Region, job: api.Job, seed: api.Seed = 1) -> api.Image:
    """One grey."""
    return np.full((region.height, region.width, 3), (seed % 10) / 10, np.float32)


@api.tone("Old exposure", category="Old", renamed={"amount": "stops"})
def old_exposure(stops: Annotated[float, api.Number(-5, 5)] = 0.0) -> api.Table:
    """Lighter or darker."""
    return api.TO_LINEAR, api.Matrix.scaled(2.0**stops), api.FROM_LINEAR


@api.importer("Old grey", suffixes=(".oldgrey",), beginnings=(b"OLDG",))
def read_grey(data: bytes) -> np.ndarray:
    """One pixel."""
    return np.full((1, 1, 1), data[4], np.uint8)


@api.hookimpl
def filters():
    return [old_lift, old_frame, old_highlights, old_hole, old_fog, old_exposure]


@api.hookimpl
def importers():
    return [read_grey]
