"""A plugin whose filters do what is known: move, blur, find edges, say less than they see."""

import numpy as np

from safelight import api


def moved(image: api.Image, by: int) -> api.Image:
    """The picture moved to the left by so many pixels, its last column repeated."""
    return np.concatenate((image[:, by:], np.repeat(image[:, -1:], by, 1)), 1)


@api.filter("Move", category="Test", reach=9)
def move(image: api.Image) -> api.Image:
    """Show what lies seven pixels to the right."""
    return moved(image, 7)


@api.filter("Move further", category="Test", reach=3)
def move_further(image: api.Image) -> api.Image:
    """Show what lies seven pixels to the right, and say that it sees three."""
    return moved(image, 7)


@api.filter("Box", category="Test", reach=4)
def box(image: api.Image) -> api.Image:
    """Show the mean of nine pixels each way."""
    padded = np.pad(image, ((4, 4), (4, 4), (0, 0)), mode="edge")
    height, width = image.shape[:2]
    return sum(
        padded[y : y + height, x : x + width] for y in range(9) for x in range(9)
    ) / np.float32(81)


@api.filter("Edges", category="Test", reach=1)
def edges(image: api.Image) -> api.Image:
    """Show by how much each pixel differs from the one to the right of it, from grey on."""
    return np.float32(0.5) + image - moved(image, 1)


@api.filter("Fork", category="Test", reach=8)
def fork(image: api.Image) -> api.Image:
    """Draw a line down the middle that was not there."""
    made = image.copy()
    made[:, made.shape[1] // 2] = 1
    return made


@api.filter("Slope", category="Test")
def slope(image: api.Image, region: api.Region, canvas: api.Region) -> api.Image:
    """Make pixels darker the further to the right they lie: a point filter that knows its place."""
    along = (np.arange(region.x, region.right) - canvas.x) / np.float32(canvas.width)
    return image * (1 - along[None, :, None].astype(np.float32))


@api.filter("Known network", category="Test")
def known(image: api.Image, job: api.Job) -> api.Image:
    """What a network of one convolution makes."""
    return job.run("one.onnx", image)


@api.hookimpl
def filters():
    return [move, move_further, box, edges, fork, slope, known]
