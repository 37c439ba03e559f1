"""Heal: an inpainting network of two inputs, a picture and a mask, fills what is selected."""

from safelight import api


@api.filter("Heal", category="Repair", purpose="restore")
def heal(image: api.Image, mask: api.Mask, job: api.Job) -> api.Image:
    """Fill what is selected from what lies around it."""
    return job.run("heal.onnx", image, mask=mask)


@api.hookimpl
def filters():
    return [heal]
