"""Enlarge: make a photograph two or four times as wide and high, with detail."""

from typing import Annotated, Literal

from safelight import api


@api.filter("Enlarge", category="Size", scale="factor")
def enlarge(
    image: api.Image,
    job: api.Job,
    factor: Annotated[Literal[2, 4], api.Number(unit="×"), "How many times as wide and high"] = 2,
) -> api.Image:
    """Enlarge the picture with a network that has learnt from sharp photographs."""
    return job.run(f"enlarge_x{factor}.onnx", image)


@api.hookimpl
def filters():
    return [enlarge]
