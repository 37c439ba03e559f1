"""Memory helps: what Denoise sequence carries is worth something, with the weights that ship."""

from pathlib import Path

import numpy as np
from PIL import Image
from safelight_sequence import denoise_sequence

from safelight.actions.sequences.frame_carrier import FrameCarrier
from safelight.api import registered

CLIP = Path(__file__).parent / "hand_and_bottles.jpg"
"""Frames side by side of a clip that was kept from training: intel-iot-devkit sample-videos,
bottle-detection, CC BY 4.0, (c) Intel Corporation; cut."""
SIDE = 128
SIGMA = 25.0  # levels


def psnr(made, wanted):
    return float(-10 * np.log10(np.mean((np.clip(made, 0, 1) - wanted) ** 2)))


def test_without_what_is_carried_frames_are_half_a_decibel_worse(job):
    strip = np.asarray(Image.open(CLIP).convert("RGB"), np.float32) / 255
    clip = [strip[:, n : n + SIDE] for n in range(0, strip.shape[1], SIDE)]
    rng = np.random.default_rng(0)
    carrier, run = FrameCarrier(registered(denoise_sequence).declaration), job(denoise_sequence)
    told = {"automatic": False, "level": SIGMA}
    remembered, forgot = [], []
    for frame in clip:
        noisy = frame + (SIGMA / 255) * rng.standard_normal(frame.shape).astype(np.float32)
        before = carrier.before(noisy)
        if before is not None:
            made, carried = denoise_sequence(noisy, before, run, {}, **told)
            nothing = {name: np.zeros_like(array) for name, array in before.items()}
            alone, _ = denoise_sequence(noisy, nothing, run, {}, **told)
            remembered.append(psnr(made, frame))
            forgot.append(psnr(alone, frame))
        else:
            made, carried = denoise_sequence(noisy, None, run, {}, **told)
        carrier.keep(carried)
    assert len(remembered) == len(clip) - 1
    assert np.mean(remembered) > np.mean(forgot) + 0.5
