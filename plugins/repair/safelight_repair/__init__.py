"""Repair: find the damage of old photographs, fill what is missing, bring faded tones back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from safelight import api

from . import damage
from .coarse_to_fine import VIEW, fill
from .pieces import pieced, roughly, thick
from .tone import Tone, estimated, restored, weighed

HERE = Path(__file__).parent
GRID = 128
"""Pixels: what a filling is made of lies on a grid of the picture, and so it stays the same when
more is selected."""

SURROUNDINGS = 8
"""How many times its view the network needs around the largest holes, which it sees reduced.

Pieces of the picture come from no further either.
"""

FIRST = 0.4
"""Part of the work that is done once the network has said what goes into a deep hole."""

Sensitivity = Annotated[float, api.Number(0, 1, step=0.01, ends=("Off", "All"))]
Variety = Annotated[
    float,
    api.Number(0, 1, step=0.01, ends=("Likeliest", "Varied")),
    "At 0 the likeliest filling; above, one of many that are possible, as the seed says",
]
Part = Annotated[float, api.Number(0, 2, slider=(0, 1.5), step=0.01)]


def large_tears(thumbnail: api.Image, job: api.Job) -> Mapping[str, Any]:
    """Where large parts of the whole picture are gone, and how likely each is a tear."""
    from . import tears as large  # OpenCV comes with it: not before it is asked for

    found = large.likely(thumbnail, lambda it: job.run("detect.onnx", it), large.known())
    return large.packed(found)


@api.selector("Find damage", category="Repair", reach=damage.REACH, prepare=large_tears)
def find_damage(
    image: api.Image,
    job: api.Job,
    region: api.Region,
    canvas: api.Region,
    prepared: api.Prepared,
    dust_and_scratches: Annotated[Sensitivity, "Dust, hairs, lint and scratches"] = 0.5,
    stains: Annotated[Sensitivity, "Stains, mould and smudges"] = 0.5,
    tears: Annotated[Sensitivity, "Tears, creases, missing corners and edges"] = 0.5,
) -> api.Mask:
    """Select what looks like damage. Correct the selection with brush and eraser, then repair it.

    Large tears are selected whole. Wires, sparks or snow can be taken for scratches and dust.
    """
    sensitivities = (dust_and_scratches, stains, tears)
    if not any(sensitivities):
        return np.zeros(image.shape[:2], np.float32)
    found = damage.damage_mask(job.run("detect.onnx", image), sensitivities)
    if tears:
        from . import tears as large  # as in `large_tears`

        place = region.y - canvas.y, region.x - canvas.x
        whole = canvas.height, canvas.width
        found[large.selected(prepared, tears, place, found.shape, whole)] = 1
    return found


@api.filter("Repair", category="Repair", reach=SURROUNDINGS * VIEW, invents=True, keeps_grey=True)
def repair(
    image: api.Image,
    mask: api.Mask,
    job: api.Job,
    region: api.Region,
    variety: Variety = 0.0,
    seed: api.Seed = 0,
) -> api.Image:
    """Fill what is selected, such as scratches, stains and tears, from its surroundings.

    Larger parts are filled with pieces of the photograph. What it fills in is made up. Nothing
    outside the selection changes.
    """
    return _filled(image, mask, job, region, variety, seed, VIEW)


def _around(context: int) -> int:
    return SURROUNDINGS * context


@api.filter("Remove", category="Repair", reach=_around, invents=True, keeps_grey=True)
def remove(
    image: api.Image,
    mask: api.Mask,
    job: api.Job,
    region: api.Region,
    context: Annotated[
        int,
        api.Number(32, 256, step=16, unit="px"),
        "How much of the surroundings the filling is made from",
    ] = 96,
    variety: Variety = 0.6,
    seed: api.Seed = 0,
) -> api.Image:
    """Take away what is selected, and fill in pieces of the photograph that fit there.

    Select a little more than the object: what is left of its rim or its shadow is continued.
    Another seed fills it in another way.
    """
    return _filled(image, mask, job, region, variety, seed, context)


def _filled(
    image: api.Image,
    mask: api.Mask,
    job: api.Job,
    region: api.Region,
    variety: float,
    seed: int,
    view: int,
) -> api.Image:
    """All that is masked at all is filled: the host blends where the mask is soft."""

    def run(seen: api.Image, *planes: Any) -> api.Image:
        missing, guess, noise = (plane[None] for plane in planes)
        named = {"mask": missing[None], "guess": guess[None], "noise": noise}
        return job.run("fill.onnx", np.nan_to_num(seen), **named)

    inner = np.s_[-region.y % GRID if region.y else 0 :, -region.x % GRID if region.x else 0 :]
    result = image.copy()
    hole = mask[inner] > 0
    origin = (region.y + inner[0].start, region.x + inner[1].start)
    first = FIRST if thick(hole).any() else 1.0

    def network(part: float) -> None:
        job.progress(first * part)

    def engine(part: float) -> None:
        job.progress(first + (1 - first) * part)

    def small(picture: api.Image, missing: api.Mask, corner: tuple[int, int]) -> api.Image:
        return fill(picture, missing.astype(np.float32), run, seed, variety, view, origin=corner)

    seen = image[inner]
    rough, large = roughly(seen, hole, small, origin)
    rest = (hole & ~large).astype(np.float32)
    filled = fill(rough, rest, run, seed, variety, view, network, origin)
    reach = SURROUNDINGS * view
    result[inner] = pieced(seen, hole, filled, seed, variety, reach, engine)
    return result


def measured(thumbnail: api.Image) -> Mapping[str, Any]:
    """How faded the whole picture is."""
    with np.load(HERE / "tone.npz", allow_pickle=False) as weights:
        return estimated(thumbnail, weights)._asdict()


@api.filter("Restore tone", category="Repair", prepare=measured, keeps_grey=True, purpose="restore")
def restore_tone(
    image: api.Image,
    prepared: api.Prepared,
    contrast: Annotated[Part, "How much of the black and white that were lost comes back"] = 1.0,
    cast: Annotated[
        Part, "How much of the colour cast goes; above 1 the tint of a sepia print too"
    ] = 1.0,
    colour: Annotated[Part, "How much of the colours' strength comes back"] = 1.0,
) -> api.Image:
    """Bring back the tones of a faded print, as far as the whole picture tells how it has faded.

    At 1 as much as was measured; a picture that has not faded hardly changes. A print of one hue,
    such as sepia, keeps its hue.
    """
    return restored(image, weighed(Tone.of(prepared), contrast, cast, colour))


NEEDS = {"detect.onnx": (find_damage,), "fill.onnx": (repair, remove), "tone.npz": (restore_tone,)}


@api.hookimpl
def filters():
    """The filters whose network is there: each network is trained on its own."""
    return [item for file, its in NEEDS.items() if (HERE / file).is_file() for item in its]
