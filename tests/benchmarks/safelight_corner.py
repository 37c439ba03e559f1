"""A plugin whose filter looks at one pixel, so that its run costs as little as a run can."""

from safelight import api


@api.filter("Corner", category="Test")
def corner(image: api.Image) -> api.Image:
    """The region's first pixel of whatever was handed over; small pictures come back whole."""
    return image[:1, :1] if max(image.shape[:2]) > 64 else image


@api.hookimpl
def filters():
    return [corner]
