"""Settings: what Auto light sets, applied to pictures in PyTorch, with gradients, and undone.

The formulas are those of the plugin's tones (`safelight_adjust`): Bradford adaptation and exposure
in linear light, Schlick's gain, and a monotone curve. A test compares the two.
"""

from __future__ import annotations

import functools
import importlib
import sys
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from models.plugincode import ROOT, editor

LIMITS = {"mired": 110.0, "tint": 60.0, "exposure": 2.5, "contrast": 60.0, "bend": 0.1}
"""How far an estimate goes at most, either way: of the light's colour in mired (a million by its
kelvin) and tint, in stops, in per cent, and of the curve's middle points."""

ENDS = 0.15  # how far the curve's black and white points come in at most
NAMES = ("mired", "tint", "exposure", "contrast", "black", "low", "middle", "high", "white")
COUNT = len(NAMES)
NEUTRAL = 1e6 / 6500

_MIREDS = np.arange(NEUTRAL - 112, NEUTRAL + 250, 4.0)
_TINTS = np.arange(-60, 61, 10.0)


@functools.cache
def _matrices() -> Tensor:
    """What white balance does to linear light: (mireds, tints, 3, 3)."""
    found = [[matrix(1e6 / place, tint) for tint in _TINTS] for place in _MIREDS]
    return torch.tensor(np.array(found), dtype=torch.float32)


def matrix(kelvin: float, tint: float) -> np.ndarray:
    """What `white_balance` multiplies linear light by."""
    editor("api")
    stages = plugin("colour").white_balance(temperature=kelvin, tint=tint)
    return np.array(stages[1].rows)


@functools.cache
def plugin(name: str) -> ModuleType:
    """`safelight_adjust.NAME`, without its package, or `safelight.NAME` of the editor."""
    if name.startswith("api"):
        return editor(name)
    editor("api")
    package = "safelight_adjust_of_models"
    if package not in sys.modules:
        sys.modules[package] = ModuleType(package)
        sys.modules[package].__path__ = [str(ROOT / "plugins" / "adjust" / "safelight_adjust")]
    return importlib.import_module(f"{package}.{name}")


def balance(shift: Tensor, tint: Tensor) -> Tensor:
    """The matrices (n, 3, 3) of shifts in mired and tints, (n,), between those that are known."""
    table = _matrices()
    y = ((NEUTRAL + shift - _MIREDS[0]) / 4).clamp(0, len(_MIREDS) - 1.001)
    x = ((tint - _TINTS[0]) / 10).clamp(0, len(_TINTS) - 1.001)
    row, column = y.detach().long(), x.detach().long()
    down, right = (y - row)[:, None, None], (x - column)[:, None, None]
    upper = table[row, column] * (1 - right) + table[row, column + 1] * right
    lower = table[row + 1, column] * (1 - right) + table[row + 1, column + 1] * right
    return upper * (1 - down) + lower * down


def to_linear(x: Tensor) -> Tensor:
    return torch.where(x <= 0.04045, x / 12.92, ((x.clamp(min=0.04) + 0.055) / 1.055) ** 2.4)


def from_linear(x: Tensor) -> Tensor:
    low = x.clamp(min=0.003)
    return torch.where(x <= 0.0031308, x * 12.92, 1.055 * low ** (1 / 2.4) - 0.055)


def gain(t: Tensor, contrast: Tensor) -> Tensor:
    """Schlick's gain of values 0 to 1, (n, ...), by contrasts in per cent, (n,)."""
    power = 4.0 ** (-contrast / 100)
    share = (power / (1 + power)).reshape(-1, *(1,) * (t.ndim - 1))
    upper = t >= 0.5
    folded = torch.where(upper, 2 * (1 - t), 2 * t)
    half = folded / ((1 / share - 2) * (1 - folded) + 1) / 2
    return torch.where(upper, 1 - half, half)


def points(values: Tensor) -> tuple[Tensor, Tensor]:
    """The curve's points, x and y (n, 5), of values (n, COUNT)."""
    black, low, middle, high, white = values[:, 4:].unbind(1)
    x = torch.stack([black, *(torch.full_like(black, at) for at in (0.25, 0.5, 0.75)), white], 1)
    zero, one = torch.zeros_like(black), torch.ones_like(black)
    return x, torch.stack([zero, low, middle, high, one], 1)


def bent(t: Tensor, values: Tensor) -> Tensor:
    """Values 0 to 1, (n, ...), along the curve: `api.curve_samples` with gradients."""
    x, y = points(values)
    widths = x.diff(dim=1)
    slopes = y.diff(dim=1) / widths
    inner = (slopes[:, :-1] + slopes[:, 1:]) / 2
    tangents = list(torch.cat([slopes[:, :1], inner, slopes[:, -1:]], 1).unbind(1))
    for index in range(4):
        size = torch.hypot(tangents[index], tangents[index + 1])
        less = (3 * slopes[:, index] / size.clamp(min=1e-6)).clamp(max=1)
        tangents[index], tangents[index + 1] = tangents[index] * less, tangents[index + 1] * less
    rows = [part.reshape(-1, 1) for part in tangents]
    flat = t.reshape(len(t), -1)
    result = torch.zeros_like(flat)
    for index in range(4):
        start, width = x[:, index, None], widths[:, index, None]
        part = ((flat - start) / width).clamp(0, 1)
        rise = part * part * (3 - 2 * part)
        bend = (1 - part) * rows[index] - part * rows[index + 1]
        low, high = y[:, index, None], y[:, index + 1, None]
        made = (high - low) * rise + width * part * (1 - part) * bend
        result = result + made
    return result.reshape(t.shape)


def applied(image: Tensor, values: Tensor) -> Tensor:
    """Pictures (n, 3, h, w), 0 to 1, set as the values (n, COUNT) say: 0 to 1 again."""
    light = to_linear(image) * (2.0 ** values[:, 2]).reshape(-1, 1, 1, 1)
    light = torch.einsum("nij,njhw->nihw", balance(values[:, 0], values[:, 1]), light)
    encoded = from_linear(light).clamp(0, 1)
    return bent(gain(encoded, values[:, 3]), values)


@torch.no_grad()
def undone(image: Tensor, values: Tensor) -> Tensor:
    """Pictures that `applied` with these values makes the given ones of, as far as nothing is lost
    in black, in white, or to 256 levels.
    """
    grid = torch.linspace(0, 1, 2001).expand(len(values), 2001)
    heights = bent(grid, values).numpy()
    encoded = np.stack([
        np.interp(one.numpy(), height + np.arange(2001) * 1e-9, grid[0].numpy())
        for one, height in zip(image, heights, strict=True)
    ])  # fmt: skip
    encoded = gain(torch.from_numpy(encoded).float(), -values[:, 3])
    inverse = torch.linalg.inv(balance(values[:, 0], values[:, 1]))
    light = torch.einsum("nij,njhw->nihw", inverse, to_linear(encoded))
    light = light * (2.0 ** -values[:, 2]).reshape(-1, 1, 1, 1)
    return (from_linear(light).clamp(0, 1) * 255).round() / 255


def distortions(count: int, rng: np.random.Generator) -> Tensor:
    """What is wrong with so many pictures, as the values that put it right: (count, COUNT)."""
    spread = np.array([35, 15, 0.7, 18])
    most = np.array([95, 45, 1.8, 50])
    values = np.clip(rng.normal(0, spread, (count, 4)), -most, most)
    values *= rng.random((count, 4)) < 0.75
    # Nobody's light is mixed beyond 15000 K.
    values[:, 0] = np.maximum(values[:, 0], -80)
    ends = np.clip(np.abs(rng.normal(0, 0.045, (count, 2))), 0, 0.14)
    ends *= rng.random((count, 2)) < 0.5
    bends = np.clip(rng.normal(0, 0.03, (count, 3)), -0.08, 0.08)
    bends *= rng.random((count, 1)) < 0.6
    middle = bends + np.array([0.25, 0.5, 0.75])
    found = np.concatenate([values, ends[:, :1], middle, 1 - ends[:, 1:]], 1)
    whole = rng.random(count) < 0.15
    found[whole] = neutral().numpy()
    return torch.from_numpy(found).float()


def neutral() -> Tensor:
    """The values that change nothing."""
    return torch.tensor([0, 0, 0, 0, 0, 0.25, 0.5, 0.75, 1.0])
