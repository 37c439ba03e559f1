"""A network's ONNX file: what it states, and its results, whole or in tiles as in the editor.

What the file states of itself (`safelight.*` properties) decides how it is cut: `reach` input
pixels around a tile, sides and starts on multiples of `multiple`, `scale` result pixels per pixel.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import: it reports usage by default

import numpy as np
import onnx
import onnxruntime

PREFIX = "safelight."


class Network:
    """One ONNX file with a picture as its input `image` and one as its output `result`.

    `properties` are those of the file, without their prefix. Raises SystemExit, with a sentence,
    for a file that does not state its scale and reach.
    """

    def __init__(self, path: Path):
        self.path = path
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # Cores that wait in a loop would count as busy, and keep others from theirs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        stored = self.session.get_modelmeta().custom_metadata_map
        self.properties = {
            name.removeprefix(PREFIX): value
            for name, value in stored.items()
            if name.startswith(PREFIX)
        }
        try:
            self.scale, self.reach, self.multiple, self.tile = (
                int(self.properties[name]) for name in ("scale", "reach", "multiple", "tile")
            )
        except KeyError as missing:
            raise SystemExit(f"{path} does not state its {missing.args[0]}.") from None

    def whole(self, image: np.ndarray, **given: np.ndarray | float) -> np.ndarray:
        """(h, w, 3) float32 in one run to (scale*h, scale*w, 3) float32, unclipped.

        Sides are filled up to the multiple by repeating the edge, and the result is cut back.
        `given` are further inputs of the network, by name.
        """
        height, width = image.shape[:2]
        fill = [(0, -side % self.multiple) for side in (height, width)]
        filled = np.pad(image, (*fill, (0, 0)), mode="edge") if any(map(any, fill)) else image
        planes = np.ascontiguousarray(filled.transpose(2, 0, 1)[None], np.float32)
        feeds = {"image": planes} | {
            name: np.array(value, np.float32) for name, value in given.items()
        }
        result = self.session.run(["result"], feeds)[0][0].transpose(1, 2, 0)
        return result[: height * self.scale, : width * self.scale]

    def __call__(self, image: np.ndarray, **given: np.ndarray | float) -> np.ndarray:
        """The same, in tiles of about the size the file states where the picture is larger."""
        return self.in_tiles(image, self.tile, self.reach, **given)

    def in_tiles(
        self, image: np.ndarray, tile: int, reach: int, **given: np.ndarray | float
    ) -> np.ndarray:
        """The same, in tiles of about `tile` input pixels that see `reach` more on each side."""
        height, width = image.shape[:2]
        s = self.scale
        result = np.empty((height * s, width * s, 3), np.float32)
        for top, bottom, y, end_y in cuts(height, tile, reach, self.multiple):
            for left, right, x, end_x in cuts(width, tile, reach, self.multiple):
                part = self.whole(image[y:end_y, x:end_x], **given)
                result[top * s : bottom * s, left * s : right * s] = part[
                    (top - y) * s : (bottom - y) * s, (left - x) * s : (right - x) * s
                ]
        return result


def cuts(size: int, tile: int, reach: int, multiple: int) -> Iterator[tuple[int, int, int, int]]:
    """Cut one direction of `size` pixels into equal parts of about `tile`.

    Yields (first, end) of what a part answers for, then (first, end) of what it sees: `reach` more
    on each side as far as the picture goes, on the grid of `multiple`.
    """
    count = max(1, round(size / tile))
    edges = [size * n // count for n in range(count + 1)]
    for first, end in zip(edges, edges[1:], strict=False):
        start = max(first - reach, 0) // multiple * multiple
        yield first, end, start, min(-(-(end + reach) // multiple) * multiple, size)


def state(path: Path, properties: Mapping[str, str]) -> None:
    """Write `safelight.*` properties into a file, beside or over those that it has."""
    stored = onnx.load(str(path))
    kept = {item.key: item.value for item in stored.metadata_props}
    kept |= {PREFIX + name: " ".join(value.split()) for name, value in properties.items()}
    onnx.helper.set_model_props(stored, kept)
    onnx.save(stored, str(path))
    onnx.checker.check_model(str(path), full_check=True)


DRAFT = "_draft"
"""What the name of a draft's file ends with, before its suffix."""


def networks_of(folder: Path) -> list[Path]:
    """The networks of a folder, without the drafts of them."""
    return [path for path in sorted(folder.glob("*.onnx")) if not path.stem.endswith(DRAFT)]


def drafts_of(folder: Path) -> list[Path]:
    """The drafts of a folder's networks."""
    return sorted(folder.glob(f"*{DRAFT}.onnx"))


def write_sums(folder: Path) -> None:
    """Write the hashes of a folder's networks, as sha256sum does: `safelight models verify`."""
    lines = [f"{sha256(path)}  {path.name}\n" for path in sorted(folder.glob("*.onnx"))]
    (folder / "SHA256SUMS").write_text("".join(lines))


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
