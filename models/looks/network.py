"""The VAE of looks: small maps of a photograph to a code, and a change of code to a bilateral grid.

D. Kingma and M. Welling, "Auto-Encoding Variational Bayes", ICLR 2014, given the photograph: what
is decoded is no picture but what turns the photograph's look into another one, affine transforms of
colour in a bilateral grid (M. Gharbi et al., "Deep Bilateral Learning for Real-Time Image
Enhancement", SIGGRAPH 2017). The first codes are taught to be the amounts of named distortions
(D. Kingma et al., "Semi-Supervised Learning with Deep Generative Models", NeurIPS 2014); the rest
hold what else looks differ in. The maps have 32 by 32 places: no faces.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.auto.train import oklab

SIDE = 32  # places of a map, across and down
FINE = 3  # pixels a side that each place is the mean of
LATENT = 16
CELLS, TONES, KINDS = 8, 6, 2
"""Of the grid: places across and down, steps of luminance, and leaves apart from all else."""

TERMS = 12  # of an affine transform: three rows of three factors, then three offsets
START = -4.0  # logarithm of the variance of a code at first
SHARES = (0.2126, 0.7152, 0.0722)
_FEATURES, _HIDDEN = 64, 96
_MIDDLE = (0.6, 0.0, 0.0, 0.06, 0.2, 0.25)  # about the means of what is seen
_SPREAD = (0.25, 0.06, 0.06, 0.06, 0.3, 0.25)


def ramp(values: Tensor, start: float, end: float) -> Tensor:
    """0 up to `start`, 1 from `end` on, a straight line between."""
    return ((values - start) / (end - start)).clamp(0, 1)


def leaves(image: Tensor) -> Tensor:
    """How much pixels, (n, 3, ...) sRGB-encoded, 0 to 1, are coloured as leaves: (n, 1, ...).

    From yellow to blueish green, by the hue and the saturation of the hexagon's plane (A. Hanbury
    and J. Serra, 2003). The plugin has the same formula, and a test compares the two.
    """
    red, green, blue = image[:, :1], image[:, 1:2], image[:, 2:]
    across, up = red - (green + blue) / 2, (green - blue) * 0.8660254
    hue = torch.rad2deg(torch.atan2(up, across))
    colour = (across * across + up * up).clamp(min=1e-12).sqrt()
    colour = colour / (image.amax(1, keepdim=True) + 0.08)
    return ramp(hue, 46, 62) * ramp(hue, 158, 130) * ramp(colour, 0.07, 0.2)


def luminance(image: Tensor) -> Tensor:
    """Luminance of encoded values (n, 3, ...), 0 to 1: (n, 1, ...)."""
    red, green, blue = (image[:, i : i + 1] * SHARES[i] for i in range(3))
    return (red + green + blue).clamp(0, 1)


def maps(image: Tensor) -> tuple[Tensor, Tensor]:
    """What is seen of pictures (n, 3, FINE * SIDE, FINE * SIDE), 0 to 1: two of (n, 3, SIDE, SIDE).

    The means, sRGB-encoded; then the deviation of luminance, the share of leaves, and the darkest
    channel of each place.
    """
    light = luminance(image)
    square = F.avg_pool2d(light * light, FINE) - F.avg_pool2d(light, FINE).square()
    darkest = -F.max_pool2d(-image.amin(1, keepdim=True), FINE)
    detail = [square.clamp(min=0).sqrt(), F.avg_pool2d(leaves(image), FINE), darkest]
    return F.avg_pool2d(image, FINE), torch.cat(detail, 1)


def seen(means: Tensor, detail: Tensor) -> Tensor:
    """Maps as the network is given them, (n, 7, SIDE, SIDE): in Oklab, with their height."""
    both = torch.cat([oklab(means), detail], 1)
    middle, spread = (torch.tensor(x).reshape(1, -1, 1, 1) for x in (_MIDDLE, _SPREAD))
    height = torch.linspace(1, -1, SIDE).reshape(1, 1, SIDE, 1).expand(len(means), 1, SIDE, SIDE)
    return torch.cat([(both - middle) / spread, height], 1)


class Encoder(nn.Module):
    """Maps as `seen` to mean and logarithm of variance of the code, (n, LATENT) each."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(7, 24, 3, 2, 1), nn.LeakyReLU(0.1),
            nn.Conv2d(24, 48, 3, 2, 1), nn.LeakyReLU(0.1),
            nn.Conv2d(48, 48, 3, 2, 1), nn.LeakyReLU(0.1), nn.Flatten(),
            nn.Linear(48 * 16, 80), nn.LeakyReLU(0.1), nn.Linear(80, 2 * LATENT),
        )  # fmt: skip
        last = self.layers[-1]
        assert isinstance(last, nn.Linear)
        with torch.no_grad():
            last.weight[LATENT:] = 0
            last.bias[LATENT:] = START

    def forward(self, given: Tensor) -> tuple[Tensor, Tensor]:
        mean, spread = self.layers(given).chunk(2, 1)
        return mean, spread.clamp(-10, 4)


class Decoder(nn.Module):
    """Maps as `seen`, a code and a change of it to grids (n, KINDS * TERMS, TONES, CELLS, CELLS).

    What no change would give is taken away, so that no change is none exactly.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(7, 32, 3, 2, 1), nn.LeakyReLU(0.1),
            nn.Conv2d(32, _FEATURES, 3, 2, 1), nn.LeakyReLU(0.1),
        )  # fmt: skip
        self.all_over = nn.Linear(_FEATURES + LATENT, _FEATURES)
        self.change = nn.Sequential(nn.Linear(LATENT, 64), nn.Tanh())
        self.by = nn.Linear(64, 2 * _HIDDEN, bias=False)
        self.first = nn.Conv2d(_FEATURES, _HIDDEN, 3, 1, 1)
        self.last = nn.Conv2d(_HIDDEN, KINDS * TERMS * TONES, 1, bias=False)
        nn.init.zeros_(self.last.weight)

    def forward(self, given: Tensor, code: Tensor, change: Tensor) -> Tensor:
        local = self.trunk(given)
        whole = self.all_over(torch.cat([local.mean((2, 3)), code], 1))
        base = self.first(F.leaky_relu(local + whole[..., None, None], 0.1))
        by = self.by(self.change(change) - self.change(torch.zeros_like(change)))
        factor, more = by[..., None, None].chunk(2, 1)
        moved = base * (1 + factor) + more
        made = self.last(F.leaky_relu(moved, 0.1) - F.leaky_relu(base, 0.1))
        return 0.3 * made.unflatten(1, (KINDS * TERMS, TONES))


class Looks(nn.Module):
    """Both halves."""

    scale = 1

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()


class ToGrid(nn.Module):
    """What the plugin's `looks.onnx` is: maps and a change of the code to a grid and the code.

    The grid is (1, CELLS, CELLS, TONES, KINDS, TERMS): down, across, and so on.
    """

    scale = 1

    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self.looks = looks

    def forward(self, image: Tensor, detail: Tensor, change: Tensor) -> tuple[Tensor, Tensor]:
        given = seen(image, detail)
        code, _ = self.looks.encoder(given)
        grid = self.looks.decoder(given, code, change)
        return grid.unflatten(1, (KINDS, TERMS)).permute(0, 4, 5, 3, 1, 2), code


def changed(pixels: Tensor, places: Tensor, grids: Tensor) -> Tensor:
    """Pixels (n, 3, p), 0 to 1, at places (n, p, 2), x and y in parts of the picture, changed as
    grids say: (n, 3, p), unclipped.
    """
    light = luminance(pixels)[:, 0]
    at = (places * CELLS - 0.5).clamp(0, CELLS - 1) * (2 / (CELLS - 1)) - 1
    where = torch.cat([at, 2 * light[..., None] - 1], -1)[:, None, None]
    found = F.grid_sample(grids, where, align_corners=True)[:, :, 0, 0]
    plain, leafy = found.chunk(KINDS, 1)
    terms = plain + leaves(pixels) * (leafy - plain)
    factors, offsets = terms[:, :9].unflatten(1, (3, 3)), terms[:, 9:]
    return pixels + (factors * pixels[:, None]).sum(2) + offsets
