"""Generate: skies, and surfaces of any size, made from nothing."""

from typing import Annotated, Literal

import numpy as np

from safelight import api

from .codes import SURFACE, Kinds, surface_kinds
from .field import Axis, noise, piece
from .palette import recoloured
from .sky import SKY, Asked, made
from .sky_finder import told
from .sky_matte import REACH
from .sky_replacement import behind, new_sky, sky_canvas
from .sources import STREAKS, TIMES

SAMPLE = 8
"""Cells a side of the sample that says what colours a surface has."""

Seed = Annotated[api.Seed, "Where chance starts: another seed is another picture"]
Palette = Annotated[api.Palette, "Colours to make it in; its light and dark stay. None: its own"]
Lock = Annotated[api.Rectangle, "The part that keeps what is locked"]


@api.generator("Surfaces", category="Generate")
def surfaces(
    region: api.Region,
    canvas: api.Region,
    job: api.Job,
    seed: Seed = 1,
    code: Annotated[tuple[float, ...], api.Latent(SURFACE), "What it is a surface of"] = (),
    scale: Annotated[
        float, api.Number(0.25, 8, slider=(0.5, 4), step=0.05, unit="×"), "How large it is seen"
    ] = 1.0,
    variety: Annotated[
        float, api.Number(0, 1.5, slider=(0.3, 1), step=0.01), "Less: more even"
    ] = 1.0,
    palette: Palette = (),
    passage: Annotated[
        Literal["none", "left to right", "top to bottom", "from the middle"],
        "Where it becomes a surface of the other code",
    ] = "none",
    other: Annotated[tuple[float, ...], api.Latent(SURFACE, role="other"), "What it becomes"] = (),
    held: Annotated[
        tuple[float, ...], api.Latent(SURFACE, role="held"), "What the locked part stays"
    ] = (),
    lock: Lock = (0.25, 0.25, 0.5, 0.5),
) -> api.Image:
    """Make a surface: stone, water, cloth, foliage, paint.

    It fills what is selected, at any size. Unless it passes into another one, it goes on at the
    opposite border: as a pattern it has no seam.
    """
    kinds = surface_kinds(code, other, held, seed)
    goes_on = passage == "none" or not other
    down, across = Axis.of(canvas.height, scale), Axis.of(canvas.width, scale)

    def made(rows, columns, kinds=kinds, sides=(down.cells, across.cells), passage=passage):
        """The pixels of some cells."""
        within = rows % sides[0], columns % sides[1]
        places = np.stack(np.meshgrid(*within, indexing="ij")).astype(np.float32)
        job.check()
        found = job.describe(
            "surfaces.onnx",
            None,
            field=variety * noise(seed, *within)[None],
            kinds=kinds.at(
                *(within if goes_on else (rows, columns)), sides, passage, lock if held else None
            )[None],
            places=places[None],
            period=np.float32([sides]),
        )
        return np.ascontiguousarray(found[0].transpose(1, 2, 0))

    surface = piece(region, canvas, scale, made, goes_on=goes_on)
    if not palette:
        return surface
    cells = np.arange(SAMPLE)
    sample = made(cells, cells, Kinds(kinds.first), (SAMPLE, SAMPLE), "none")
    return recoloured(surface, sample, palette)


Cloudiness = Annotated[
    float, api.Number(0, 1, step=0.01, ends=("Clear", "Overcast")), "How much of it is clouds"
]
Fineness = Annotated[
    float, api.Number(0, 1, step=0.01, ends=("Soft", "Fine")), "How small the clouds' parts are"
]
Time = Annotated[Literal[TIMES], "When it is seen"]
Sun = Annotated[api.Fraction, "How bright the sun is, which clouds veil; 0: none"]


@api.generator("Skies", category="Generate")
def skies(
    region: api.Region,
    canvas: api.Region,
    job: api.Job,
    seed: Seed = 1,
    code: Annotated[
        tuple[float, ...], api.Latent(SKY), "How far it is from what is asked for below"
    ] = (),
    cloudiness: Cloudiness = 0.5,
    fineness: Fineness = 0.5,
    streaks: Annotated[Literal[tuple(STREAKS)], "Where the clouds' streaks lead"] = "any",
    time: Time = "day",
    haze: Annotated[api.Fraction, "How pale it becomes towards its lower border"] = 0.0,
    sun: Sun = 0.0,
    sun_at: Annotated[api.Point, "Where the sun stands"] = (0.7, 0.3),
) -> api.Image:
    """Make a sky with clouds, of pieces of real ones.

    It fills what is selected, or the whole picture, and goes on at the opposite side: a panorama
    of it has no seam.
    """
    asked = Asked(seed, cloudiness, fineness, time, streaks, code)
    return made(asked, sun, sun_at, haze, region, canvas, job.progress)


@api.filter("Replace sky", category="Generate", reach=REACH, prepare=told, invents=True)
def replace_sky(
    image: api.Image,
    region: api.Region,
    canvas: api.Region,
    job: api.Job,
    prepared: api.Prepared,
    where: Annotated[
        Literal["found", "selected"],
        "The sky that is found in the photograph, or what is selected, softly where that is soft",
    ] = "found",
    picture: Annotated[api.Picture, "A sky of your own. None: one is generated"] = None,
    seed: Seed = 1,
    cloudiness: Cloudiness = 0.4,
    fineness: Fineness = 0.5,
    time: Time = "day",
    sun: Sun = 0.0,
    sun_at: Annotated[api.Point, "Where in the sky the sun stands"] = (0.7, 0.3),
    light: Annotated[api.Fraction, "How much the land takes on the new sky's light"] = 0.6,
    haze: Annotated[api.Fraction, "How pale sky and land become where they meet"] = 0.3,
    reflection: Annotated[
        api.Fraction, "How much what has the old sky's colours below it, water, mirrors the new one"
    ] = 0.0,
) -> api.Image:
    """Put another sky behind a photograph: a generated one or your own.

    Colour, position and smoothness say what is sky. To correct it, select it and choose *Where:
    selected*.
    """
    if not prepared:
        return image.copy()
    sky_place = sky_canvas(canvas, prepared["height"])
    asked = Asked(seed, cloudiness, fineness, time)
    sky, colours = new_sky(
        *(picture, asked, sun, sun_at, haze, region, sky_place, job.progress),
    )
    if where == "selected":
        return sky
    shares = {"light": light, "haze": haze, "reflection": reflection}
    return behind(image, sky, colours, prepared, shares, region, canvas)


@api.hookimpl
def filters():
    return [skies, replace_sky, surfaces]
