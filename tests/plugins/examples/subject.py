"""Subject: a network that sees the picture whole, at 320 pixels a side, selects its subject."""

import numpy as np

from safelight import api


@api.selector("Subject", category="Select")
def subject(image: api.Image, job: api.Job, sure: api.Fraction = 0.5) -> api.Mask:
    """Select what the picture is of; the surer, the less."""
    found = job.run("subject.onnx", image)[..., 0]
    return np.clip((found - np.float32(sure)) * 8 + np.float32(0.5), 0, 1)


@api.hookimpl
def filters():
    return [subject]
