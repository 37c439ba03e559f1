"""Autoencoder texts: what stands in the files of a plugin that changes pictures by what they mean.

Beside them it has the networks, directions and drawing of ``resources/autoencoder``, which
``models/shapes`` has made.
"""

from __future__ import annotations

from safelight.actions.plugins.template_texts import Parts

FILES = ("encoder.onnx", "decoder.onnx", "directions.json", "shapes.py")
"""What the package has beside its module."""

MATRIX = "matrix.md"
"""How far each direction moves what it names, and all else: a table in the README."""

_MODULE = '''\
"""A plugin for Safelight with an autoencoder, fresh from the template. Make it your own.

README.md says what must not be built with it.
"""

import functools
import json
from pathlib import Path
from typing import Annotated

import numpy as np

from safelight import api

SIDE, SIZE = 32, 8
Percent = Annotated[float, api.Number(-100, 100, step=1, unit="%")]
Change = Annotated[tuple[float, ...], api.Latent(SIZE, "change")]


@functools.cache
def directions():
    """The named directions: what a slider at 100 adds to a picture's code."""
    told = json.loads(Path(__file__).with_name("directions.json").read_text("utf-8"))
    return {name: np.array(vector, np.float32) for name, vector in told.items()}


def reduced(picture):
    """A picture as the means of SIDE by SIDE parts of it, 0 to 1, as the encoder wants it."""
    picture = np.clip(np.nan_to_num(picture), 0, 1)
    for axis in (0, 1):
        ends = np.linspace(0, picture.shape[axis], SIDE + 1).astype(int)
        starts = np.minimum(ends[:-1], picture.shape[axis] - 1)
        parts = [
            picture.take(range(start, max(end, start + 1)), axis).mean(axis, keepdims=True)
            for start, end in zip(starts, ends[1:])
        ]
        picture = np.concatenate(parts, axis)
    return picture.astype(np.float32)


def coded(thumbnail, job, size, hue, roundness, across, down, change):
    """The picture's own code, and what the decoder makes of the change that is asked for."""
    code = job.describe("encoder.onnx", reduced(thumbnail))
    amounts = {"size": size, "hue": hue, "roundness": roundness, "across": across, "down": down}
    step = np.zeros(SIZE, np.float32)
    for name, amount in amounts.items():
        step += np.float32(amount / 100) * directions()[name]
    if change:
        step += np.asarray(change, np.float32)
    if not step.any():
        return {"change": code[0]}
    there, here = (job.describe("decoder.onnx", None, code=one) for one in (code + step, code))
    return {"change": code[0], "difference": (there - here)[0].transpose(1, 2, 0).round(4)}


@api.filter(
    $quoted_title,
    category=$quoted_category,
    prepare=coded,
    zoomable=True,
    purpose="synthesise",
)
def $name(
    image: api.Image,
    prepared: api.Prepared,
    region: api.Region,
    canvas: api.Region,
    size: Annotated[Percent, "Smaller or larger"] = 0.0,
    hue: Annotated[Percent, "Towards red or towards green"] = 0.0,
    roundness: Annotated[Percent, "Towards a square or towards a circle"] = 0.0,
    across: Annotated[Percent, "To the left or to the right"] = 0.0,
    down: Annotated[Percent, "Up or down"] = 0.0,
    change: Annotated[Change, "Along directions that you have found from pictures"] = (),
) -> api.Image:
    """Change a picture of one shape by what it shows: its size, hue, roundness and place."""
    if "difference" not in prepared:
        return image.copy()
    return api.with_difference(image, prepared["difference"], region, canvas)


@api.hookimpl
def filters():
    return [$name]
'''

_TESTS = '''\
"""What the filter does to a picture. `--safelight` adds what every filter promises."""

import numpy as np
import pytest
from safelight import api
from safelight.api import testing

from $package import $name, shapes

GROUND = 0.45


def changed(picture, job, **settings):
    """What the filter makes of a whole picture."""
    declared = api.registered($name)
    values = declared.declaration.settings(settings)
    whole = api.Region(0, 0, picture.shape[1], picture.shape[0])
    prepared = declared.prepared(picture, values, job=job)
    return $name(picture, prepared, whole, whole, **settings)


def measured(picture):
    """Size, hue, roundness and place of a shape, each rising with the amount of that name."""
    cover = np.abs(picture - GROUND).max(-1)
    cover[cover < 0.4 * cover.max()] = 0
    across, down = np.meshgrid(*(np.arange(side) + 0.5 for side in cover.shape[::-1]))
    area = cover.sum()
    x, y = (cover * across).sum() / area, (cover * down).sum() / area
    corners = (cover * (across - x) ** 2 * (down - y) ** 2).sum() / area**3
    colour = (picture * cover[..., None]).sum((0, 1)) / area
    return {
        "size": area,
        "hue": colour[1] - colour[0],
        "roundness": -corners,
        "across": x,
        "down": y,
    }


def test_it_is_well_behaved(job):
    testing.assert_well_behaved($name, job=job($name), size=50.0)


def test_at_nothing_it_changes_nothing(job):
    picture = testing.photograph(beyond=0.25)
    assert np.array_equal(changed(picture, job($name)), picture)


@pytest.mark.parametrize("name", shapes.AMOUNTS)
def test_each_slider_moves_what_it_names(job, name):
    told = []
    for picture in shapes.drawn(0.4 * shapes.chance(6, seed=7), side=96):
        less, more = (changed(picture, job($name), **{name: amount}) for amount in (-50, 50))
        told.append(measured(more)[name] > measured(less)[name])
    assert all(told)


def test_it_tells_the_code_that_directions_are_found_with(job):
    picture = shapes.drawn(shapes.chance(1))[0]
    declared = api.registered($name)
    settings = declared.declaration.settings({})
    told = declared.prepared(picture, settings, job=job($name))
    assert len(told["change"]) == 8
    assert max(map(abs, told["change"])) < 5  # codes are about as large as normal numbers


def test_its_id_stays_what_saved_documents_hold():
    assert api.registered($name).declaration.id == "$package.$name"
'''

_ABOUT = """\
Changes a picture of one shape by what it shows: its size, hue, roundness and place. A small
variational autoencoder (D. Kingma and M. Welling, ICLR 2014) has learnt from drawn shapes what can
differ between them, without being told. It is a place to start from.

## What must not be built with it

Directions in a code change what a picture says. Do not build directions of people with this: not of
age, sex, origin, skin colour, health, weight, looks or expression, nor of faces or bodies at all,
whether found from labels or by themselves. Train with nobody's pictures that were not given for it,
and with nothing that identifies somebody. Do not let a changed picture testify to what was not so:
what this filter makes is declared as synthesised (`purpose="synthesise"`), and documents and
exports say so; do not take that away. Say in this README what your network was trained with, what
its directions move besides what they name, and what it cannot do.

## How it works

- `$package/encoder.onnx`: 32 × 32 pixels to a code of 8 numbers. `prepare` returns it under the
  name of the parameter `change`, which is added to it.
- `$package/decoder.onnx`: a code to 32 × 32 pixels. What it makes of the changed code, less what it
  makes of the code there is, is added to the picture at full size.
- `$package/directions.json`: what each slider adds to the code at 100.
- `$package/shapes.py` draws shapes: `python $package/shapes.py FOLDER` writes two handfuls for each
  direction.

In the window, *With* and *Without* take such pictures, *Find › From the examples…* makes a
direction of them (linear, as InterFaceGAN), *Main directions* those in which they differ most (as
GANSpace). Found ones are named, kept, saved and shared. Put networks of your own in the place of
these two: the encoder's input is called `image`, (1, 3, 32, 32), RGB, 0 to 1, the decoder's `code`,
(1, 8). A code's numbers are best about as large as those of a normal distribution; beyond 10 they
are refused.

## What the directions move

Of shapes that were not trained with, each moved half an amount either way, everything measured by
drawing shapes until one fits: what part of the step each property (row) goes, in the median (and
between what eight in ten lie), for each slider (column). 1 on the diagonal and 0 elsewhere would be
perfect.

$matrix

An edge that has moved is as soft as 32 × 32 pixels are. The networks were trained by Safelight's
`models/shapes/train.py`, in two minutes of one core, with drawn shapes alone; the licence of their
weights is Apache-2.0.

## Parameters
"""

AUTOENCODER = Parts(
    module=_MODULE,
    tests=_TESTS,
    about=_ABOUT,
    parameters="""\
| Parameter | Range | Default | |
|---|---|---|---|
| `size`, `hue`, `roundness`, `across`, `down` | -100 to 100 % | 0 | how much of each direction |
| `change` | 8 numbers, or nothing | nothing | what else is added to the code |
""",
    settings=" --set size=50",
    package_data="""
[tool.setuptools.package-data]
$package = ["*.onnx", "directions.json"]
""",
)
"""A plugin whose networks encode and decode."""
