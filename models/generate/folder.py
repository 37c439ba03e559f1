"""A folder of pictures of one kind, as a generator learns them: squares of one size, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from models.pictures import SUFFIXES, is_held_out
from models.training import planes


class Folder:
    """All pictures of a folder, the middle square of each: `train` and `held_out`, (n, s, s, 3).

    Which are held out is decided by the names. Raises SystemExit where there are too few to learn
    from.
    """

    def __init__(self, folder: Path, side: int):
        files = sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in SUFFIXES)
        if len(files) < 2:
            raise SystemExit(f"{folder} holds {len(files)} pictures: give a folder of many.")
        squares = {path.name: square(path, side) for path in files}
        train = [p for name, p in squares.items() if not is_held_out(name)]
        held_out = [p for name, p in squares.items() if is_held_out(name)]
        self.train = np.stack(train or held_out)
        self.held_out = np.stack(held_out or train[:1])

    def examples(self, count: int) -> tuple[Tensor, Tensor]:
        """The first of each, at most `count`: (n, 3, s, s) of -1 to 1."""
        learnt, held_out = (signed(planes(p[:count])) for p in (self.train, self.held_out))
        return learnt, held_out


def square(path: Path, side: int) -> np.ndarray:
    """The middle of a picture file as (side, side, 3) uint8 sRGB, upright."""
    with Image.open(path) as picture:
        picture.draft("RGB", (side, side))  # a JPEG is decoded smaller at once
        upright = ImageOps.exif_transpose(picture).convert("RGB")
        return np.array(ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS))


def signed(pictures: Tensor) -> Tensor:
    """uint8 (n, 3, h, w) as -1 to 1."""
    return pictures.float() / 127.5 - 1


class Examples(IterableDataset):
    """Endless batches of a folder, other ones in every process: (n, 3, s, s) uint8.

    Every second is mirrored.
    """

    def __init__(self, pictures: np.ndarray, batch: int, seed: tuple[int, ...]):
        self.pictures, self.batch, self.seed = pictures, batch, seed

    def __iter__(self) -> Iterator[Tensor]:
        worker = get_worker_info()
        rng = np.random.default_rng([*self.seed, worker.id if worker else 0])
        while True:
            batch = self.pictures[rng.integers(len(self.pictures), size=self.batch)]
            mirrored = rng.random(self.batch) < 0.5
            batch[mirrored] = batch[mirrored, :, ::-1]
            yield planes(batch)


def sheet(pictures: Tensor, columns: int) -> Image.Image:
    """Pictures (n, 3, h, w) of -1 to 1 beside and below one another, as many as fill the rows."""
    columns = min(columns, len(pictures))
    rows = len(pictures) // columns
    cells = ((pictures[: rows * columns].clamp(-1, 1) + 1) * 127.5).round().byte()
    height, width = cells.shape[2:]
    cells = cells.unflatten(0, (rows, columns)).permute(0, 3, 1, 4, 2)
    return Image.fromarray(cells.reshape(rows * height, columns * width, 3).cpu().numpy())


def reduced(pictures: Tensor, side: int) -> Tensor:
    """Pictures of a side that is a multiple, at `side` pixels: means of squares."""
    step = pictures.shape[-1] // side
    return torch.nn.functional.avg_pool2d(pictures, step) if step > 1 else pictures
