"""Template texts: what stands in the files of a plugin that is made from the template.

``$name`` and the like are filled in by ``plugin_template.py``. They are plain texts here, not
files of the package, so that an editor installed as one archive has them too.
"""

from __future__ import annotations

from typing import NamedTuple

AMOUNT = """\
| Parameter | Range | Default | |
|---|---|---|---|
| `amount` | 0 to 1 | 0.5 | how much of it; 0 changes nothing |
"""


class Parts(NamedTuple):
    """What one variant adds: its module, its tests, and what README and pyproject say of it."""

    module: str
    tests: str
    about: str
    parameters: str = AMOUNT
    command: str = "apply $name photo.jpg result.jpg"
    settings: str = " --set amount=0.8"
    package_data: str = ""
    needs: str = ""


PYPROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "$distribution"
version = "0.1.0"
description = $quoted_title
readme = "README.md"
requires-python = ">=3.11"
# Yours to choose. Put its text into a file LICENSE beside this one.
license = "Apache-2.0"
dependencies = ["safelight>=0.2,<1", "numpy"$needs]

# By this line Safelight finds the plugin once it is installed.
[project.entry-points.safelight]
$name = "$package"

[tool.setuptools]
packages = ["$package"]

[tool.pytest.ini_options]
# The tests find the package without its being installed.
pythonpath = ["."]
"""

README = """\
# $title

$about

$parameters
The filter's id is `$package.$name`. Saved documents hold it, so it must never change.

## Use

In the window: $title, under $category. On the command line:

```sh
safelight $command$settings
```

## Tests

```sh
python -m pytest --safelight
safelight plugins check .
```

The first runs the tests in `tests/`, and with `--safelight` also whatever Safelight asks of every
filter. The second asks it of the plugin as it will be installed.

## Licence

Apache-2.0, as `pyproject.toml` says: put its text into a file `LICENSE`, or choose another licence
and change both places.
"""

_CLASSIC_MODULE = '''\
"""A plugin for Safelight, fresh from the template. Make it your own."""

import numpy as np

from safelight import api

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""How much red, green and blue each add to brightness (ITU-R BT.709)."""


@api.filter($quoted_title, category=$quoted_category)
def $name(image: api.Image, amount: api.Fraction = 0.5) -> api.Image:
    """Fade the picture as the sun fades a print: colours pale, black turns to grey."""
    grey = (image @ LUMINANCE)[..., np.newaxis]
    pale = image + np.float32(0.5 * amount) * (grey - image)
    return pale * np.float32(1 - 0.2 * amount) + np.float32(0.15 * amount)


@api.hookimpl
def filters():
    return [$name]
'''

_CLASSIC_TESTS = '''\
"""What the filter does to a picture. `--safelight` adds what every filter promises."""

import numpy as np
from safelight import api
from safelight.api import testing

from $package import $name


def test_it_is_well_behaved():
    testing.assert_well_behaved($name, amount=0.5)


def test_it_needs_no_pixel_but_its_own():
    testing.assert_tiles_agree($name, amount=0.5)


def test_an_amount_of_nothing_changes_nothing():
    picture = testing.photograph(beyond=0.25)
    assert np.array_equal($name(picture, amount=0.0), picture)


def test_black_turns_to_grey():
    black = np.zeros((2, 3, 3), np.float32)
    assert np.all($name(black, amount=1.0) > $name(black, amount=0.5))
    assert np.all($name(black, amount=0.5) > 0.05)


def test_colours_pale():
    red = np.full((2, 3, 3), (0.8, 0.2, 0.2), np.float32)
    assert np.ptp($name(red, amount=1.0)) < np.ptp(red) / 2


def test_its_id_stays_what_saved_documents_hold():
    assert api.registered($name).declaration.id == "$package.$name"
'''

_NEURAL_MODULE = '''\
"""A plugin for Safelight that runs a network, fresh from the template. Make it your own."""

import numpy as np

from safelight import api


@api.filter($quoted_title, category=$quoted_category)
def $name(image: api.Image, job: api.Job, amount: api.Fraction = 0.5) -> api.Image:
    """Sharpen the picture with a small network."""
    sharp = job.run("model.onnx", image)
    return image + np.float32(amount) * (sharp - image)


@api.hookimpl
def filters():
    return [$name]
'''

_NEURAL_TESTS = '''\
"""What the filter does to a picture. `--safelight` adds what every filter promises."""

import numpy as np
import pytest
from safelight import api
from safelight.api import testing

from $package import $name


def test_it_is_well_behaved(job):
    testing.assert_well_behaved($name, job=job($name), amount=0.5)


def test_pieces_fit_together_at_the_reach_the_network_states(job):
    testing.assert_tiles_agree($name, job=job($name), amount=0.5)


def test_an_amount_of_nothing_changes_nothing(job):
    picture = testing.photograph(beyond=0.25)
    assert np.array_equal($name(picture, job($name), amount=0.0), picture)


def test_an_edge_gets_steeper(job):
    edge = np.full((8, 8, 3), 0.2, np.float32)
    edge[:, 4:] = 0.8
    result = $name(edge, job($name), amount=1.0)
    assert np.diff(result[4, :, 1]).max() > 0.7


def test_an_even_colour_stays_what_it_is(job):
    even = np.full((8, 8, 3), (0.8, 0.3, 0.1), np.float32)
    assert $name(even, job($name), amount=1.0) == pytest.approx(even, abs=1e-5)


def test_its_id_stays_what_saved_documents_hold():
    assert api.registered($name).declaration.id == "$package.$name"
'''

_NEURAL_ABOUT = """\
Sharpens a picture with a network of one layer. It is a place to start from.

## The network

`$package/model.onnx` adds to every pixel how far it stands out from the eight around it. Its
weights were written by hand. Put your own in its place: its input is called `image`, float32
(1, 3, height, width), RGB, 0 to 1 nominally, with free height and width; its first output has the
same form, or sides `scale` times as long. These metadata properties tell the editor how to cut a
picture for it, and its users what they are given:

| Property | Says |
|---|---|
| `safelight.contract` | `1` |
| `safelight.reach` | input pixels around its own that a result pixel depends on; too few: seams |
| `safelight.scale` | result pixels per input pixel, each way; 1 when left out |
| `safelight.multiple` | sides of the input are padded to a multiple of it; 1 when left out |
| `safelight.tile` | the piece size in pixels that suits it; 448 when left out |
| `safelight.range` | `0..1` |
| `safelight.beyond` | `returned`, also when left out: light below 0 and above 1 is kept from it \
and added to its result again; `cut`: it is not added, as the result is no picture; `known`: it \
was trained on such light and is shown it |
| `safelight.layout` | `NCHW` |
| `safelight.channels` | `RGB` |
| `safelight.title`, `safelight.version` | which network this is |
| `safelight.licence` | under what licence the weights may be used |
| `safelight.training_data` | what it was trained on, with the licences |

With the onnx package they are set so:

```py
model = onnx.load("trained.onnx")
properties = {"contract": "1", "reach": "12"}  # and so on
onnx.helper.set_model_props(model, {f"safelight.{key}": text for key, text in properties.items()})
onnx.save(model, "$package/model.onnx")
```

## Parameters"""

_TRAINED_MODULE = '''\
"""A plugin for Safelight that runs a network, fresh from the template. Make it your own."""

from safelight import api


@api.filter($quoted_title, category=$quoted_category)
def $name(image: api.Image, job: api.Job) -> api.Image:
    """$summary"""
    return job.run("model.onnx", image)


@api.hookimpl
def filters():
    return [$name]
'''

_TRAINED_TESTS = '''\
"""What the filter does to a picture. `--safelight` adds what every filter promises."""

import numpy as np
from safelight import api
from safelight.api import testing

from $package import $name


def test_it_is_well_behaved(job):
    testing.assert_well_behaved($name, job=job($name))


def test_pieces_fit_together_at_the_reach_the_network_states(job):
    testing.assert_tiles_agree($name, job=job($name))


def test_it_changes_the_picture(job):
    picture = testing.photograph()
    assert np.abs($name(picture, job($name)) - picture).mean() > 0.01


def test_its_id_stays_what_saved_documents_hold():
    assert api.registered($name).declaration.id == "$package.$name"
'''

_TRAINED_ABOUT = """\
$summary How much of it is seen, and where, is set as with every filter: by
its amount, its mask and its blend mode.

## The network

`$package/model.onnx` travels with what it says of itself:

| | |
|---|---|
$facts

## Parameters"""

_GENERATOR_MODULE = '''\
"""A plugin for Safelight that makes pixels, fresh from the template. Make it your own."""

import numpy as np

from safelight import api


@api.filter($quoted_title, category=$quoted_category)
def $name(
    image: api.Image,
    region: api.Region,
    amount: api.Fraction = 0.5,
    size: api.Pixels = 40.0,
    seed: api.Seed = 1,
) -> api.Image:
    """Cover the picture with clouds; each seed has its own."""
    return image + np.float32(amount) * (clouds(region, size, seed)[..., np.newaxis] - image)


def clouds(region, size, seed):
    """Soft grey patches about ``size`` pixels wide: (height, width), float32, 0 to 1.

    They belong to places in the whole picture, so it may be cut into pieces anywhere.
    """
    x = np.arange(region.x, region.right) / max(size, 1.0)
    y = np.arange(region.y, region.bottom)[:, np.newaxis] / max(size, 1.0)
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    across, down = (3 * t**2 - 2 * t**3 for t in (x - left, y - top))
    above = noise(left, top, seed) * (1 - across) + noise(left + 1, top, seed) * across
    below = noise(left, top + 1, seed) * (1 - across) + noise(left + 1, top + 1, seed) * across
    return (above * (1 - down) + below * down).astype(np.float32)


def noise(x, y, seed):
    """A number from 0 to 1 for every place, by mixing bits: the same on every machine."""
    mixed = (x * 0x1F1F1F1F + y * 0x0D4F2B35 + seed * 0x27D4EB2D).astype(np.uint32)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):  # "lowbias32", C. Wellons, 2018
        mixed = (mixed ^ (mixed >> np.uint32(shift))) * np.uint32(factor)
    return (mixed ^ (mixed >> np.uint32(16))) / np.float64(2**32 - 1)


@api.hookimpl
def filters():
    return [$name]
'''

_GENERATOR_TESTS = '''\
"""What the filter does to a picture. `--safelight` adds what every filter promises."""

import numpy as np
import pytest
from safelight import api
from safelight.api import testing

from $package import $name

WHOLE = api.Region(0, 0, 96, 64)


def test_it_is_well_behaved():
    testing.assert_well_behaved($name, amount=0.5)


@pytest.mark.parametrize("size", [0.0, 3.0, 200.0])
def test_pieces_fit_together_whatever_the_size(size):
    testing.assert_kept("tiles", $name, tolerance=0, size=size)


def test_an_amount_of_nothing_changes_nothing():
    picture = testing.photograph(beyond=0.25)
    assert np.array_equal($name(picture, WHOLE, amount=0.0), picture)


def test_each_seed_has_its_own_picture():
    black = np.zeros((64, 96, 3), np.float32)
    one, same, other = ($name(black, WHOLE, amount=1.0, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert np.abs(one - other).mean() > 0.1


def test_it_is_grey_and_between_black_and_white():
    picture = $name(testing.photograph(), WHOLE, amount=1.0, size=4.0)
    assert 0 <= picture.min() < 0.2
    assert 0.8 < picture.max() <= 1
    assert np.ptp(picture, axis=-1).max() < 1e-6


def test_its_id_stays_what_saved_documents_hold():
    assert api.registered($name).declaration.id == "$package.$name"
'''

PARTS: dict[str, Parts] = {
    "classic": Parts(
        module=_CLASSIC_MODULE,
        tests=_CLASSIC_TESTS,
        about="Fades a picture as the sun fades a print. It is a place to start from.",
    ),
    "neural": Parts(
        module=_NEURAL_MODULE,
        tests=_NEURAL_TESTS,
        about=_NEURAL_ABOUT,
        package_data="""
[tool.setuptools.package-data]
$package = ["*.onnx"]
""",
    ),
    "generator": Parts(
        module=_GENERATOR_MODULE,
        tests=_GENERATOR_TESTS,
        about="Covers a picture with clouds made from a seed. It is a place to start from.",
        parameters=AMOUNT
        + """\
| `size` | 0 to 1000 px | 40 | how wide a cloud is |
| `seed` | 0 to 4294967295 | 1 | each has its own clouds |
""",
    ),
}
"""What each variant adds."""

TRAINED = Parts(
    module=_TRAINED_MODULE,
    tests=_TRAINED_TESTS,
    about=_TRAINED_ABOUT,
    parameters="None.\n",
    settings="",
    package_data="""
[tool.setuptools.package-data]
$package = ["*.onnx", "card.md"]
""",
)
"""What a plugin has instead whose network the author brings along."""
