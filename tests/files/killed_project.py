"""A child that edits and saves without end, until it is killed. It reports each completed save.

Its first argument says how it saves: "save" into an open project, "create" over the one that is
there, "recovery" into a recovery file (then the second is the folder).
"""

import sys
from pathlib import Path

import numpy as np

from safelight.api import Region
from safelight.document import Document, History, edits
from safelight.files.project.project import Project
from safelight.files.project.recovery import Recovery
from safelight.pixels import Raster


def stroke(number, size):
    """The stroke of that number: where, and what."""
    random = np.random.default_rng(number)
    x, y = (int(value) for value in random.integers(0, size - 40, 2))
    pixels = random.integers(0, 256, (40, 40, 3), np.uint8)
    pixels[0, 0] = number % 256, number // 256 % 256, 7
    return Region(x, y, 40, 40), pixels


def saving(how, path, history):
    """Save once; returns what saves again."""
    if how == "recovery":
        recovery = Recovery(path, path / "photo.jpg", "photo.jpg")
        recovery.save(history)
        return recovery.save
    if how == "create":
        Project.create(path, history).close()
        return lambda history: Project.create(path, history, overwrite=True).close()
    return Project.create(path, history).save


def main(how, path, size):
    ground = np.full((size, size, 3), 128, np.uint8)
    history = History.start(Document.from_raster(Raster.from_array(ground)))
    save = saving(how, path, history)
    print(0, flush=True)
    number = 0
    while True:
        number += 1
        layer = history.document.layers[0]
        raster = layer.raster.replaced(*stroke(number, size))
        history = history.do(edits.set_pixels(layer.id, raster, f"Stroke {number}"))
        save(history)
        print(number, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
