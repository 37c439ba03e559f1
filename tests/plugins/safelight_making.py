"""A plugin with generators: one to look at, and some that go wrong."""

import os
import time
from typing import Annotated

import numpy as np

from safelight import api

SIZE = 8
Code = Annotated[tuple[float, ...], api.Latent(SIZE)]
Held = Annotated[tuple[float, ...], api.Latent(SIZE, role="held")]
Other = Annotated[tuple[float, ...], api.Latent(SIZE, role="other")]


@api.generator("Waves", category="Test")
def waves(
    region: api.Region,
    canvas: api.Region,
    job: api.Job,
    seed: api.Seed = 1,
    code: Code = (),
    other_code: Other = (),
    morph: api.Fraction = 0.0,
    variety: api.Fraction = 1.0,
    palette: api.Palette = (),
    lock: api.Rectangle = (0.25, 0.25, 0.5, 0.5),
    held_code: Held = (),
) -> api.Image:
    """Waves whose colours and lengths the code says."""
    job.progress(0.5)
    chosen = api.chosen(code, seed, SIZE) * variety
    if other_code:
        chosen = api.between(chosen, np.asarray(other_code, np.float32), morph)
    rows, columns = _places(region, canvas)
    made = _waves(chosen, rows, columns)
    if held_code:
        x, y, width, height = lock
        inside = (columns >= x) & (columns < x + width) & (rows >= y) & (rows < y + height)
        held = _waves(np.asarray(held_code, np.float32), rows, columns)
        made = np.where(inside[..., None], held, made)
    if palette:
        colours = [[int(one[i : i + 2], 16) / 255 for i in (1, 3, 5)] for one in palette]
        made = np.asarray(colours, np.float32)[
            np.minimum((made[..., 0] * len(palette)).astype(int), len(palette) - 1)
        ]
    return made.astype(np.float32)


def _places(region, canvas):
    rows = (np.arange(region.y, region.y + region.height) - canvas.y) / canvas.height
    columns = (np.arange(region.x, region.x + region.width) - canvas.x) / canvas.width
    return np.meshgrid(rows, columns, indexing="ij")


def _waves(code, rows, columns):
    phase = rows * code[0] + columns * code[1]
    return np.stack([0.5 + 0.5 * np.sin(9 * phase + 2 * code[2 + i]) for i in range(3)], axis=-1)


@api.generator("Flat", category="Test")
def flat(region: api.Region, code: Code = (), seed: api.Seed = 0) -> api.Image:
    """One colour: the first three numbers of the code, as they are."""
    colour = api.chosen(code, seed, SIZE)[:3]
    return np.broadcast_to(colour, (region.height, region.width, 3)).astype(np.float32)


@api.generator("Enlarged", category="Test")
def enlarged(region: api.Region, job: api.Job) -> api.Image:
    """A ramp of 16 pixels a side, enlarged four times by the network of another plugin."""
    ramp = np.linspace(0.2, 0.8, 16, dtype=np.float32)[None, :, None].repeat(16, 0).repeat(3, 2)
    large = job.run("safelight_enlarge:photo_crisp_x4.onnx", ramp)
    return large[region.rows(), region.columns()].clip(0, 1)


@api.generator("Slow", category="Test")
def slow(region: api.Region, job: api.Job, code: Code = (), seed: api.Seed = 0) -> api.Image:
    """A long time."""
    for _ in range(12_000):
        job.check()
        time.sleep(0.05)
    return np.zeros((region.height, region.width, 3), np.float32)


@api.generator("Wrong", category="Test")
def wrong(region: api.Region, code: Code = (), seed: api.Seed = 0) -> api.Image:
    """Fails where the seed is odd."""
    if seed % 2:
        raise ValueError("there is nothing of that sort")
    return np.full((region.height, region.width, 3), 0.5, np.float32)


@api.generator("Exit", category="Test")
def leave(region: api.Region, code: Code = (), seed: api.Seed = 0) -> api.Image:
    """Ends its process where the seed is odd."""
    if seed % 2:
        os._exit(3)
    return np.full((region.height, region.width, 3), 0.25, np.float32)


@api.hookimpl
def filters():
    return [waves, flat, enlarged, slow, wrong, leave]
