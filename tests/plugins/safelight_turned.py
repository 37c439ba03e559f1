"""A plugin that hands the four turns of a piece to its network, together or one by one."""

import numpy as np

from safelight import api


@api.filter("Turned", category="Test")
def turned(image: api.Image, job: api.Job, each: bool = True) -> api.Image:
    """The mean of what a network makes of the turns, each softened more than the one before."""
    turns = [np.rot90(image, number) for number in range(4)]
    strengths = [[0.5 + number / 8] for number in range(4)]
    if each:
        made = job.run_each("blurs.onnx", turns, strength=strengths)
    else:
        both = zip(turns, strengths, strict=True)
        made = [job.run("blurs.onnx", turn, strength=strength) for turn, strength in both]
    back = [np.rot90(one, -number) for number, one in enumerate(made)]
    return np.mean(back, axis=0, dtype=np.float32)


@api.hookimpl
def filters():
    return [turned]
