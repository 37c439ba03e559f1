"""Looks: change a photograph by what its look means, along named directions of a small VAE."""

import base64
import functools
import json
from pathlib import Path
from typing import Annotated

import numpy as np

from safelight import api

from .bilateral_grid import SHAPE, changed, maps

Percent = Annotated[float, api.Number(-100, 100, step=1, unit="%")]


@functools.cache
def directions() -> dict[str, np.ndarray]:
    """The named directions, float32 (16,) each: what a slider at 100 adds to a picture's code."""
    told = json.loads(Path(__file__).with_name("directions.json").read_text("utf-8"))
    return {item["name"]: np.array(item["vector"], np.float32) for item in told["directions"]}


def _grid(
    thumbnail: api.Image,
    job: api.Job,
    light: float,
    haze: float,
    age: float,
    season: float,
    time_of_day: float,
) -> dict[str, object]:
    """The bilateral grid that leads from the photograph's look to the one the sliders ask for."""
    amounts = {
        "light": light,
        "haze": haze,
        "age": age,
        "season": season,
        "time_of_day": time_of_day,
    }
    if not any(amounts.values()):
        return {}
    step = sum(np.float32(amount / 100) * directions()[name] for name, amount in amounts.items())
    seen, detail = maps(np.clip(np.nan_to_num(thumbnail), 0, 1))
    planes = np.ascontiguousarray(detail.transpose(2, 0, 1)[None])
    grid = job.describe("looks.onnx", seen, detail=planes, change=np.float32(step)[None])
    return {"grid": base64.b64encode(np.asarray(grid, "<f4").tobytes()).decode()}


@api.filter(
    "Change look",
    category="Colour",
    prepare=_grid,
    zoomable=True,
    purpose="synthesise",
)
def change_look(
    image: api.Image,
    prepared: api.Prepared,
    region: api.Region,
    canvas: api.Region,
    light: Annotated[Percent, "Colder or warmer light"] = 0.0,
    haze: Annotated[Percent, "Less or more air between the camera and what is far"] = 0.0,
    age: Annotated[Percent, "Fresher, or faded and yellowed as an old print"] = 0.0,
    season: Annotated[Percent, "Leaves as in spring, or as in autumn"] = 0.0,
    time_of_day: Annotated[Percent, "Towards noon, or towards the evening"] = 0.0,
) -> api.Image:
    """Change what a photograph's look means: its light, haze, age, season, time of day.

    A small VAE (D. Kingma and M. Welling, ICLR 2014) has learnt the looks of photographs; each
    slider goes along a direction of its codes that labelled distortions have named. What is decoded
    are affine transforms of colour in a bilateral grid (M. Gharbi et al., SIGGRAPH 2017), by place,
    luminance and whether something has the colours of leaves: detail stays, and nothing is drawn
    that was not there. card.md says how far each slider moves the others' looks too.
    """
    if not (light or haze or age or season or time_of_day) or "grid" not in prepared:
        return image.copy()
    grid = np.frombuffer(base64.b64decode(prepared["grid"]), "<f4").reshape(SHAPE)
    across = (np.arange(region.x, region.right) - canvas.x + 0.5) / canvas.width
    down = (np.arange(region.y, region.bottom) - canvas.y + 0.5) / canvas.height
    return changed(image, grid, across, down)


@api.hookimpl
def filters():
    return [change_look]
