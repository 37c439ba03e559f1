"""Enlarge: make a photograph two, three or four times as wide and high, with detail."""

from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np

from safelight import api
from safelight_enlarge.bicubic import REACH, ROUNDS, Plane, back_projected, resampled

_LEARNT = {2: 2, 3: 4, 4: 4}
"""What a network makes of the picture, for each factor; the rest is resampled."""

_DRAFTS = {f"fast_faithful_x{n}.onnx": f"fast_faithful_x{n}_draft.onnx" for n in (2, 4)}

Run = Callable[[api.Job, str, api.Image], api.Image]
"""What is made of an image with the network of a name."""


def _reach(factor: int, match_original: bool) -> int:
    """Pixels that the steps after the networks look at."""
    steps = (_LEARNT[factor] != factor) + 2 * ROUNDS * match_original
    return REACH * steps


@api.filter(
    "Enlarge",
    category="Size",
    scale="factor",
    reach=_reach,
    keeps_grey=True,
    purpose="enhance",
    drafts=_DRAFTS,
)
def enlarge(
    image: api.Image,
    job: api.Job,
    factor: Annotated[
        Literal[2, 3, 4], api.Number(unit="×"), "How many times as wide and high"
    ] = 2,
    model: Annotated[
        Literal["fast", "photo"],
        "Fast: for clean pictures. Photo: for JPEGs from phones and the web; takes their noise and"
        " blocks away",
    ] = "fast",
    crispness: Annotated[
        float,
        api.Number(0, 1, step=0.01, ends=("Faithful", "Crisp")),
        "Faithful stays soft where the picture does not say what was there. Crisp draws texture"
        " that may never have been there. In between both are computed, which takes twice as long",
    ] = 0.0,
    match_original: Annotated[
        bool,
        "Correct the result until it shrinks back to the picture it was made of, noise and JPEG"
        " blocks included. Of use with Crisp; a faithful result hardly needs it",
    ] = False,
    averaged: Annotated[
        bool,
        "Enlarge the picture in its eight turns and mirrorings and take the mean: a little nearer"
        " to what was there, and softer with Crisp. Takes eight times as long",
    ] = False,
) -> api.Image:
    """Enlarge the picture with networks that have learnt from sharp photographs."""
    run = _averaged if averaged else _once
    made = _enlarged(image, job, f"{model}_{{}}_x{_LEARNT[factor]}.onnx", crispness, run)
    if _LEARNT[factor] != factor:
        made = _each_colour(lambda plane: resampled(plane, _LEARNT[factor], factor), made)
    if match_original:
        made = _each_colour(lambda *planes: back_projected(*planes, factor), made, image)
    return made


def _enlarged(image: api.Image, job: api.Job, file: str, crispness: float, run: Run) -> api.Image:
    """What the faithful and the crisp weights make of the image, mixed."""
    if crispness in (0.0, 1.0):
        return run(job, file.format("crisp" if crispness else "faithful"), image)
    made = run(job, file.format("crisp"), image) * crispness
    made += run(job, file.format("faithful"), image) * (1 - crispness)
    return made


def _once(job: api.Job, network: str, image: api.Image) -> api.Image:
    """What a network makes of the image."""
    return job.run(network, image)


def _averaged(job: api.Job, network: str, image: api.Image) -> api.Image:
    """The mean of what a network makes of the image's eight turns and mirrorings, turned back.

    After Timofte, Rothe and Van Gool, "Seven ways to improve example-based single image super
    resolution" (2016). Views are handed on, so that the host sees whose turns they are.
    """
    total: api.Image | None = None
    for mirrored in (False, True):
        for turns in range(4):
            made = job.run(network, np.rot90(image[:, ::-1] if mirrored else image, turns))
            made = np.rot90(made, -turns)
            made = made[:, ::-1] if mirrored else made
            total = np.array(made) if total is None else total + made
    assert total is not None
    return total / np.float32(8)


def _each_colour(change: Callable[..., Plane], *pictures: api.Image) -> api.Image:
    """What ``change`` makes of the red, the green and the blue planes of the pictures."""
    return np.stack([change(*(item[..., index] for item in pictures)) for index in range(3)], 2)


@api.hookimpl
def filters():
    return [enlarge]
