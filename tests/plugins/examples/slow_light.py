"""Slow light: two networks, of which one runs in twenty steps; the user sees how far it is."""

from typing import Annotated

from safelight import api

Steps = Annotated[int, api.Number(1, 40)]


@api.filter("Slow light", category="Effects", keeps_grey=True)
def slow_light(image: api.Image, job: api.Job, steps: Steps = 20) -> api.Image:
    """Let the light spread a little in each step."""
    made = job.run("begin.onnx", image)
    for step in range(1, steps + 1):
        made = job.run("step.onnx", made, strength=[1.0 / steps])
        job.progress(step / steps, f"Step {step} of {steps}")
        job.preview(made)
    return made


@api.hookimpl
def filters():
    return [slow_light]
