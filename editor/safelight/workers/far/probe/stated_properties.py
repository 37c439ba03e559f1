"""Stated properties: what an ONNX file says of the pictures that its network takes and makes."""

from __future__ import annotations

from collections.abc import Mapping

from safelight.workers.far.probe.probed_properties import KEYS

_PIXELS = {"Rgb8": "RGB", "Bgr8": "BGR", "Gray8": "Y"}
"""What ``Image.BitmapPixelFormat`` of ONNX's image metadata says, as the contract says it."""

_NOMINAL = {
    "NominalRange_0_255": "0..255",
    "Normalized_0_1": "0..1",
    "Normalized_1_1": "-1..1",
}
"""What ``Image.NominalPixelRange`` says, as the contract says it."""


def stated(metadata: Mapping[str, str]) -> dict[str, str]:
    """The contract's properties that a file states, by its own metadata and by ONNX's.

    A file of the contract also says something by what it leaves out: the usual value.
    """
    said = _contract(metadata) if metadata.get("safelight.contract") == "1" else {}
    return _described(metadata) | said


def _described(metadata: Mapping[str, str]) -> dict[str, str]:
    """What a file states by ONNX's own image metadata."""
    said = {}
    if channels := _PIXELS.get(metadata.get("Image.BitmapPixelFormat", "")):
        said["channels"] = channels
    if values := _NOMINAL.get(metadata.get("Image.NominalPixelRange", "")):
        said["range"] = values
    return said


def _contract(metadata: Mapping[str, str]) -> dict[str, str]:
    """What a file of the contract states, with the usual value of each property that it lacks."""
    said = {key: metadata[f"safelight.{key}"] for key in KEYS if f"safelight.{key}" in metadata}
    usual = {"layout": "NCHW", "channels": "RGB", "range": "0..1", "multiple": "1", "least": "1"}
    said = usual | said
    return {"result": said["channels"], "result_range": said["range"]} | said
