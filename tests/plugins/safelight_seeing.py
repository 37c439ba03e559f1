"""A plugin whose filters see more than their piece: the whole picture, or what is selected."""

import time
from typing import Annotated

import numpy as np

from safelight import api


def measured(image: api.Image, automatic: bool, source: api.Source) -> dict[str, object]:
    """The picture's mean where it is to be found out, and what its file says."""
    first = source.quantisation[0][0] if source.quantisation else 0
    return {"level": image.mean() if automatic else None, "sides": image.shape[:2], "first": first}


@api.filter("Level out", category="Test", prepare=measured)
def level_out(
    image: api.Image, prepared: dict, automatic: bool = True, level: api.Fraction = 0.5
) -> api.Image:
    """Show the level, the height, the width and the first step of the file's table."""
    result = np.empty_like(image)
    result[..., 0] = prepared["level"] if automatic else level
    result[..., 1] = prepared["sides"][0] / 1024
    result[..., 2] = prepared["first"] / 255
    return result


@api.filter("Evened", category="Test", whole=1100)
def evened(image: api.Image) -> api.Image:
    """Lift what is darker than the picture's mean to it: a piece would have another mean."""
    return np.maximum(image, image.mean(dtype=np.float32))


def shrunk(thumbnail: api.Image) -> dict[str, object]:
    """The thumbnail's size."""
    return {"sides": thumbnail.shape[:2]}


@api.filter("Thumbnail's size", category="Test", prepare=shrunk)
def glance(image: api.Image, prepared: dict) -> api.Image:
    """Show the height and the width of the thumbnail."""
    height, width = prepared["sides"]
    return np.zeros_like(image) + np.array([height / 1024, width / 1024, 0], np.float32)


def no_data(image: api.Image) -> dict[str, object]:
    """What cannot be passed on."""
    return {"level": float("nan")}


@api.filter("No data", category="Test", prepare=no_data)
def undecided(image: api.Image, prepared: dict) -> api.Image:
    """Never gets that far."""
    return image.copy()


def of_the_dark(image: api.Image) -> dict[str, object]:
    """Its mean, of a dark picture alone."""
    if image.mean() > 0.2:
        raise api.Unfit("this picture is not dark. Choose a dark one")
    return {"level": image.mean()}


@api.filter("Only dark", category="Test", prepare=of_the_dark)
def only_dark(image: api.Image, prepared: dict) -> api.Image:
    """White where the picture is dark."""
    return np.ones_like(image) if prepared else image.copy()


@api.filter("Erase", category="Test", reach=lambda context: context)
def erase(
    image: api.Image,
    mask: api.Mask,
    region: api.Region,
    context: Annotated[int, api.Number(0, 100)] = 10,
) -> api.Image:
    """White everywhere, outside of the mask too; the corner says where the piece lies."""
    result = np.ones_like(image)
    result[mask > 0] = image.shape[0] / 1024, image.shape[1] / 1024, mask.max()
    return result


@api.selector("Bright", category="Test")
def bright(image: api.Image, above: api.Fraction = 0.5) -> api.Mask:
    """Select what is brighter than a level."""
    return (image.mean(axis=2) > above).astype(np.float32)


def described(image, job):
    """What a network tells of the whole picture: the means of its colours."""
    return {"means": job.describe("means.onnx", image)[0]}


@api.filter("Even out", category="Test", prepare=described)
def even_out(image: api.Image, job: api.Job, prepared: api.Prepared) -> api.Image:
    """What the network tells of the whole picture, in a piece that it tells something of too."""
    own = job.describe("means.onnx", image)[0]
    return np.zeros_like(image) + (np.float32(prepared["means"]) if own.shape == (3,) else 1)


def deliberate(thumbnail):
    return {"sides": list(thumbnail.shape[:2])}


@api.filter("Wash", category="Test", reach=lambda width: int(width), prepare=deliberate,
            zoomable=True)  # fmt: skip
def wash(
    image: api.Image, prepared: api.Prepared, width: api.Pixels = 8.0, seconds: api.Fraction = 0.0
) -> api.Image:
    """Red says how many pixels wide, green how wide the picture is, blue is blue."""
    time.sleep(seconds)
    wide = prepared["sides"][1]
    return np.full_like(image, (width / 100, wide / 1024, 1.0))


@api.hookimpl
def filters():
    return [level_out, evened, glance, undecided, only_dark, erase, bright, even_out, wash]
