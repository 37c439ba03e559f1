"""Clips to train with: real ones, and photographs in motion; noise is added here too.

A photograph moves as a camera and as things do: it is panned, zoomed and turned along a smooth way,
a piece of another passes before it, its light changes or flickers. What is made so has no motion
blur and no occlusion but that of the passing piece; real clips have, but were compressed before, so
they are mostly made smaller.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from models.degradation import fraction
from models.pictures import SUFFIXES, Pictures, read

HELD_OUT = ("hand_and_bottles", "tears_of_steel")  # a still camera, and one that moves
REAL = 0.35  # share of real clips
HALVED = 0.6  # share of them at half their size
STILL = 0.25  # share of made clips where the camera stands still
PASSING = 0.5  # share with something that passes
UNEVEN = 0.3  # share whose light changes from frame to frame
SPEED = (0.05, 6.0)  # pixels a frame, logarithmic
TURN, ZOOM = 0.008, 0.008  # standard deviations, radians and share a frame
JITTER = 0.15  # of the speed, from frame to frame
FLICKER = 0.04  # standard deviation of the light's logarithm
MARGIN = 24  # pixels around what is seen, so that less is mirrored


class Clips:
    """The real clips of a folder, each a folder of frames, as (frames, h, w, 3) uint8."""

    def __init__(self, folder: Path):
        found = {
            place.name: [file for file in sorted(place.iterdir()) if file.suffix in SUFFIXES]
            for place in sorted(Path(folder).iterdir())
            if place.is_dir()
        }
        clips = {
            name: np.stack([read(file) for file in files]) for name, files in found.items() if files
        }
        if not clips.keys() - set(HELD_OUT):
            raise SystemExit(f"No clips to train with in {folder}: give folders of frames.")
        self.train = [clip for name, clip in clips.items() if name not in HELD_OUT]
        self.held_out = {name: clip for name, clip in clips.items() if name in HELD_OUT}

    def sample(self, rng: np.random.Generator, frames: int, side: int) -> np.ndarray:
        """(frames, side, side, 3) uint8 of a random place; forwards or backwards."""
        clip = self.train[int(rng.integers(len(self.train)))]
        halved = rng.random() < HALVED and min(clip.shape[1:3]) >= 2 * side
        whole = side * (2 if halved else 1)
        first = int(rng.integers(len(clip) - frames + 1))
        y = int(rng.integers(clip.shape[1] - whole + 1))
        x = int(rng.integers(clip.shape[2] - whole + 1))
        cut = clip[first : first + frames, y : y + whole, x : x + whole]
        if halved:
            size = (side, side)
            cut = np.stack([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in cut])
        return turned(cut[:: 1 if rng.random() < 0.5 else -1], rng)


def turned(clip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """All frames turned or mirrored one of eight ways."""
    clip = np.rot90(clip, int(rng.integers(4)), (1, 2))
    return np.ascontiguousarray(clip[:, :, ::-1] if rng.random() < 0.5 else clip)


def way(rng: np.random.Generator, frames: int, still: bool) -> list[np.ndarray]:
    """A smooth way of a camera: for each frame what it sees, as a 2 x 3 matrix about the middle."""
    if still:
        return [np.float32([[1, 0, 0], [0, 1, 0]])] * frames
    speed = np.exp(rng.uniform(*np.log(SPEED)))
    direction = rng.uniform(0, 2 * np.pi)
    steps = speed * np.array([np.cos(direction), np.sin(direction)])
    turn, zoom = rng.normal(0, TURN), rng.normal(0, ZOOM)
    made, place, angle, size = [], np.zeros(2), 0.0, 0.0
    for _ in range(frames):
        c, s = np.exp(size) * np.cos(angle), np.exp(size) * np.sin(angle)
        made.append(np.float32([[c, -s, place[0]], [s, c, place[1]]]))
        place = place + steps + speed * JITTER * rng.standard_normal(2)
        angle, size = angle + turn, size + zoom
    return made


def seen(picture: np.ndarray, matrix: np.ndarray, side: int) -> np.ndarray:
    """What a camera sees of a picture whose middle it looks at: (side, side, channels) float32."""
    height, width = picture.shape[:2]
    middle, own = np.array([width, height]) / 2 - 0.5, np.full(2, side / 2 - 0.5)
    linear = matrix[:, :2]
    shift = middle + matrix[:, 2] - linear @ own
    return cv2.warpAffine(
        picture,
        np.column_stack([linear, shift]).astype(np.float32),
        (side, side),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )


def blob(rng: np.random.Generator, side: int) -> np.ndarray:
    """A random shape with an edge a pixel or two wide: (side, side) float32, 0 to 1."""
    noise = rng.standard_normal((side, side)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), side / rng.uniform(5, 10))
    noise -= np.quantile(noise, rng.uniform(0.5, 0.85))
    slope = np.abs(cv2.Sobel(noise, cv2.CV_32F, 1, 0, scale=1 / 8)).mean() * rng.uniform(1, 3)
    return np.clip(0.5 + noise / max(float(slope), 1e-9), 0, 1)


def in_motion(pictures: Pictures, rng: np.random.Generator, frames: int, side: int) -> np.ndarray:
    """A photograph in motion: (frames, side, side, 3) float32, 0 to 1."""
    crops, _ = pictures.sample(rng, 2, side + 2 * MARGIN)
    ground, other = (fraction(crop) for crop in crops)
    clip = np.stack([seen(ground, m, side) for m in way(rng, frames, rng.random() < STILL)])
    if rng.random() < PASSING:
        shape = blob(rng, side + 2 * MARGIN)[..., None]
        layer = np.concatenate([other * shape, shape], 2)
        for frame, matrix in zip(clip, way(rng, frames, False), strict=True):
            passing = seen(layer, matrix, side)
            frame *= 1 - passing[..., 3:]
            frame += passing[..., :3]
    if rng.random() < UNEVEN:
        gains = np.exp(FLICKER * rng.standard_normal(frames))
        clip *= gains[:, None, None, None].astype(np.float32)
    return np.clip(clip, 0, 1)


def example(
    pictures: Pictures, clips: Clips, rng: np.random.Generator, frames: int, side: int
) -> np.ndarray:
    """A clip to train with: (frames, side, side, 3) float32, 0 to 1."""
    if rng.random() < REAL:
        return fraction(clips.sample(rng, frames, side))
    return in_motion(pictures, rng, frames, side)
