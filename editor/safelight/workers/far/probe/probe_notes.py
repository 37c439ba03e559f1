"""Probe notes: sentences for a person about what was found out of a network, and what is asked."""

from __future__ import annotations

from safelight.workers.far.probe.network_on_trial import Trial
from safelight.workers.far.probe.probed_properties import ASSUMED, PROBED, READ
from safelight.workers.far.probe.sizes_and_reach import TILE

_QUESTIONS = {
    "channels": "whether red or blue comes first",
    "result": "whether a mask or a picture is meant",
    "range": "which range it was made for",
    "fit": "whether its picture or only what it changed should be made as large again",
    "mask_range": "which number says that a pixel is selected",
    "guide": "which of its pictures is the second",
    "guide_fit": "whether the second picture lies on the first or is seen whole",
}
"""What a person is asked, by the property that the answer sets."""


def summarise(trial: Trial) -> None:
    """Set what follows from what was found, and note what a person should know of the network."""
    found = trial.found
    found.set("scale", trial.scale, PROBED)
    found.set("tile", TILE, ASSUMED)
    if found.size is not None:
        found.set("height", found.size[0], READ)
        found.set("width", found.size[1], READ)
        whole = found.properties.get("fit", "windows") != "windows"
        found.notes.append(
            f"It takes {found.size[1]} × {found.size[0]} pixels at a time; "
            + (_resized_words(trial) if whole else "larger pictures are cut into such windows.")
        )
    if "guide" in found.properties:
        found.notes.append(
            "It takes a second picture, and is given the picture itself where none is chosen;"
            " the preview shows it with a test chart."
        )
    if "mask" in found.properties:
        found.notes.append(
            "It fills what is selected; in the preview that is the middle of the picture."
        )
    for key, values in found.asks.items():
        found.notes.append(
            f"Its results do not tell {_QUESTIONS[key]}: {values[0]} is assumed,"
            f" {' or '.join(values[1:])} may be meant. Compare what they make of a picture."
        )
    if trial.main.element == "float16":
        found.notes.append("It computes with half precision.")


def _resized_words(trial: Trial) -> str:
    """What is resized to the one size that the network takes."""
    if "mask" in trial.found.properties:
        return "what is selected, with what lies around it, is resized to that."
    return "pictures are resized to that, whole."
