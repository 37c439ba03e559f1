"""A plugin whose networks have drafts: one that does well, and some that cannot stand in."""

from safelight import api

BAD = ("missing", "broken", "farther", "larger", "numberless")


@api.filter("Lift", category="Test", drafts={"exact.onnx": "quick.onnx"})
def lift(image: api.Image, job: api.Job, share: api.Fraction = 1.0) -> api.Image:
    """Add what the network adds."""
    return image + share * (job.run("exact.onnx", image) - image)


@api.filter("Lift at any size", category="Test", zoomable=True, drafts={"exact.onnx": "quick.onnx"})
def lift_small(image: api.Image, job: api.Job, share: api.Fraction = 1.0) -> api.Image:
    """The same, at the size that is seen."""
    return lift(image, job, share)


def with_draft(draft: str):
    """A filter whose network has that draft."""

    def lifted(image: api.Image, job: api.Job) -> api.Image:
        """Add what the network adds."""
        return job.run("exact.onnx", image)

    lifted.__name__ = f"lift_{draft}"
    return api.filter(f"Lift, {draft}", category="Test", drafts={"exact.onnx": f"{draft}.onnx"})(
        lifted
    )


@api.hookimpl
def filters():
    return [lift, lift_small, *map(with_draft, BAD)]
