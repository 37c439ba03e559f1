"""What stands in the files of a plugin that makes textures of one's own; see own.py.

The words that are filled in are those of every plugin that Safelight writes. How pieces of a
surface are made is the very file of Safelight's own generators.
"""

from __future__ import annotations

import json
from typing import Any

from models.plugincode import ROOT, editor

FIELD = ROOT / "plugins" / "generate" / "safelight_generate" / "field.py"

MODULE = '''\
"""A plugin for Safelight that makes more of a texture, fresh from its training."""

from functools import cache
from pathlib import Path
from typing import Annotated$imported

import numpy as np

from safelight import api

from .field import Axis, noise, piece


@api.generator($quoted_title, category=$quoted_category)
def $name(
    region: api.Region,
    canvas: api.Region,
    job: api.Job,
    seed: Annotated[api.Seed, "Where chance starts: another seed is another picture"] = 1,$chosen
    scale: Annotated[
        float, api.Number(0.25, 8, slider=(0.5, 4), step=0.05, unit="×"), "How large it is seen"
    ] = 1.0,
) -> api.Image:
    """$summary

    It fills what is selected, at any size, and goes on at the opposite border: as a pattern it has
    no seam.
    """
    sides = [Axis.of(side, scale).cells for side in (canvas.height, canvas.width)]
    kind = kinds()[$which]

    def made(rows, columns):
        """The pixels of some cells."""
        within = rows % sides[0], columns % sides[1]
        shape = len(rows), len(columns)
        job.check()
        found = job.describe(
            "model.onnx",
            None,
            field=noise(seed, *within)[None],
            kinds=np.broadcast_to(kind[None, :, None, None], (1, len(kind), *shape)),
            places=np.stack(np.meshgrid(*within, indexing="ij"))[None].astype(np.float32),
            period=np.float32([sides]),
        )
        return np.ascontiguousarray(found[0].transpose(1, 2, 0))

    return piece(region, canvas, scale, made)


@cache
def kinds():
    """The codes (n, k) of the textures that the network has learnt."""
    with np.load(Path(__file__).parent / "codes.npz", allow_pickle=False) as stored:
        return stored["codes"]


@api.hookimpl
def filters():
    return [$name]
'''

CHOSEN = """
    texture: Annotated[Literal[$listed], "Which of those it has learnt"] = $first,"""

TESTS = '''\
"""What the generator makes. `--safelight` adds what every filter promises."""

import numpy as np
from safelight import api

from $package import $name

CANVAS = api.Region(0, 0, 640, 96)  # so wide that pieces are made apart


def test_pieces_fit_together(job):
    whole = $name(CANVAS, CANVAS, job($name))
    for left in (0, 270, 570):
        part = api.Region(left, 30, 70, 40)
        found = $name(part, CANVAS, job($name))
        assert np.abs(found - whole[30:70, left : left + 70]).max() < 1e-3


def test_it_goes_on_at_the_opposite_border(job):
    whole = $name(CANVAS, CANVAS, job($name))
    jumps = np.abs(np.diff(whole, axis=1)).mean((0, 2))
    seam = np.abs(whole[:, 0] - whole[:, -1]).mean()
    assert seam <= 1.5 * jumps.max()


def test_each_seed_has_its_own_picture(job):
    one, same, other = ($name(CANVAS, CANVAS, job($name), seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert np.abs(one - other).max() > 0.01


def test_it_is_a_picture(job):
    picture = $name(CANVAS, CANVAS, job($name), scale=2.0)
    assert picture.shape == (96, 640, 3)
    assert picture.dtype == np.float32
    assert np.isfinite(picture).all()


def test_its_id_stays_what_saved_documents_hold():
    assert api.registered($name).declaration.id == "$package.$name"
'''

ABOUT = """\
$summary
It fills the picture, or what is selected of it, at any size, and has no seam as a pattern. All it
makes is marked as synthesised.

## The network

`$package/model.onnx` travels with what it says of itself:

| | |
|---|---|
$facts

`field.py` is that of Safelight's own generators, under the same licence as Safelight, Apache-2.0.

## Parameters"""

SEED = "| `seed` | 0 to 4294967295 | 1 | where chance starts |\n"
SCALE = "| `scale` | 0.25 to 8 | 1 | how large it is seen |\n"
PARAMETERS = "| Parameter | Range | Default | |\n|---|---|---|---|\n"

PACKAGE_DATA = """
[tool.setuptools.package-data]
$package = ["*.onnx", "*.npz", "card.md"]
"""


def parts(textures: list[str]) -> Any:
    """The texts (the editor's `PluginParts`) of a plugin that knows textures of these names."""
    several = len(textures) > 1
    listed = ", ".join(quoted(name) for name in textures)
    chosen = CHOSEN.replace("$listed", listed).replace("$first", quoted(textures[0]))
    which = f"[{listed}].index(texture)" if several else "0"
    module = MODULE.replace("$imported", ", Literal" if several else "")
    module = module.replace("$chosen", chosen if several else "").replace("$which", which)
    row = f"| `texture` | {' or '.join(textures)} | {textures[0]} | which of them |\n"
    return editor("actions").PluginParts(
        module=module,
        tests=TESTS,
        about=ABOUT,
        parameters=PARAMETERS + SEED + (row.replace("$", "$$") if several else "") + SCALE,
        command="generate $name texture.png",
        settings=" --size 1024x1024 --seed 7",
        package_data=PACKAGE_DATA,
        needs=', "pillow"',
    )


def quoted(name: str) -> str:
    """A name as a text in Python; one dollar sign of a template is two."""
    return json.dumps(name, ensure_ascii=False).replace("$", "$$")
