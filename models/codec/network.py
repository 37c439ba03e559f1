"""The codec's network: what turns a picture into few whole numbers, those into a picture, and the
model of how many bits the numbers take.

A variational autoencoder as Ballé et al. have it ("Variational image compression with a scale
hyperprior", 2018): the posterior of a latent is a unit interval around what the encoder says, of
which rounding is a draw, and the prior is learnt. What differs from it:

- One network serves every quality: of each the latents are multiplied by gains before they are
  rounded, one a channel, and divided by them afterwards (Cui et al., "Asymmetric gained deep image
  compression", 2021), between qualities by what lies between. Hidden features are scaled as well.
- The prior of a latent is a Laplace distribution whose scale is a weighted sum of magnitudes of
  latents that were written before it: of its neighbours above and to the left, and of neighbouring
  frequencies of its own block. Weights are never negative. A decoder works that out in whole
  numbers alone, which no runtime rounds in its own way, where a hyperprior's network would have to
  give the same floats on every machine.
- It starts as a cosine transform of blocks of 8x8 in luminance and colour difference, which
  compresses already, and learns from there: a short training is spent on what such a transform
  lacks. Residual branches beside it, and a filter of the decoded picture, start at nothing.

Latents are (n, 192, h / 8, w / 8): channel 64 * part + k is the k-th frequency along the zigzag of
luminance (part 0), Cb (1) and Cr (2).
"""

from __future__ import annotations

import contextlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

BLOCK = 8  # pixels a side
FREQUENCIES = BLOCK * BLOCK
CHANNELS = 3 * FREQUENCIES
UNIT = 16.0  # levels of 255 that a latent of 1 stands for, before gains
COLOUR = 0.3  # what squared error of a colour difference counts beside that of luminance
STEPS = (48.0, 24.0, 12.0, 6.0)  # levels of 255 between latents at the start, by quality
WIDTH = 64  # channels of a residual branch
FILTER_WIDTH = 32  # channels of the filter, at half the size
SLOPE = 0.1  # of the activation below zero
LEAST = 0.03  # scale of a distribution, in latents
DIRECT = tuple(part * FREQUENCIES for part in range(3))  # channels of a block's mean
ABOVE, BEHIND = 4, 8  # taps: neighbouring blocks of the same channel; earlier channels of a block

YCC = np.array(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]]
)  # luminance and colour differences of RGB, ITU-T T.871


def zigzag() -> list[tuple[int, int]]:
    """Frequencies (down, across) of a block from low to high, as JPEG orders them."""
    places = [(v, u) for v in range(BLOCK) for u in range(BLOCK)]
    return sorted(places, key=lambda p: (sum(p), p[0] if sum(p) % 2 else p[1]))


def cosines() -> np.ndarray:
    """The transform that the encoder starts as: (192, 192) from a block of RGB, in the order of
    `F.pixel_unshuffle`, to latents, in parts of the full range; its rows are at right angles
    within a part of the colour.
    """
    n = np.arange(BLOCK)
    wave = np.sqrt(2 / BLOCK) * np.cos(np.pi * (2 * n[None] + 1) * n[:, None] / (2 * BLOCK))
    wave[0] /= np.sqrt(2)
    two = np.stack([np.outer(wave[v], wave[u]).ravel() for v, u in zigzag()])
    colour = YCC * np.sqrt([1, COLOUR, COLOUR])[:, None]
    return np.einsum("pc,kx->pkcx", colour, two).reshape(CHANNELS, CHANNELS)


def sources() -> np.ndarray:
    """Earlier channels of a block that the scale of each depends on: (192, 8), -1 where there is
    none. Of the same part: one, one diagonal and two frequencies lower; then the same frequency of
    the parts before.
    """
    order = {place: k for k, place in enumerate(zigzag())}
    found = np.full((CHANNELS, BEHIND), -1)
    for part in range(3):
        for (v, u), k in order.items():
            lower = [(v - 1, u), (v, u - 1), (v - 1, u - 1), (v - 2, u), (v, u - 2)]
            lower += [(v + 1, u - 1)] if (v + u) % 2 == 0 else [(v - 1, u + 1)]
            named = [part * FREQUENCIES + order[p] for p in lower if p in order and order[p] < k]
            named += [earlier * FREQUENCIES + k for earlier in range(part)]
            found[part * FREQUENCIES + k, : len(named[:BEHIND])] = named[:BEHIND]
    return found


def between(table: Tensor, quality: Tensor) -> Tensor:
    """Rows of `table` (Q, channels) at qualities (n,) from 0 to Q - 1, mixed of two where one is
    no whole number: (n, channels, 1, 1).
    """
    steps = torch.arange(len(table), device=table.device, dtype=torch.float32)
    shares = (1 - (quality.float()[:, None] - steps).abs()).clamp(min=0)
    return (shares @ table.float())[..., None, None]


def rounded(x: Tensor) -> Tensor:
    """Whole numbers, through which a gradient passes as if they were `x`."""
    return x + (torch.round(x) - x).detach()


def shifted(x: Tensor, down: int, across: int) -> Tensor:
    """(n, c, h, w) whose place (y, x) holds what stood at (y - down, x - across); 0 beyond."""
    padded = F.pad(x, (max(across, 0), max(-across, 0), max(down, 0), max(-down, 0)))
    return padded[..., max(-down, 0) :, max(-across, 0) :][..., : x.shape[2], : x.shape[3]]


def expected_means(latents: Tensor) -> Tensor:
    """What a block's mean is expected to be by the blocks written before it, a whole number:
    three quarters of those above and to the left less half of the one between; 0 for the first.
    """
    above, left, corner = (shifted(latents, *by) for by in ((1, 0), (0, 1), (1, 1)))
    above[..., :1, :] = left[..., :1, :]
    corner[..., :1, :] = left[..., :1, :]
    left[..., :1] = above[..., :1]
    corner[..., :1] = above[..., :1]
    return torch.floor((3 * above + 3 * left - 2 * corner + 2) / 4)


class Exact(nn.Conv2d):
    """A convolution in float32 whatever the precision of a training: eight bits of a mantissa are
    too few for a picture's."""

    def forward(self, x: Tensor) -> Tensor:
        kind = x.device.type
        mixed = torch.is_autocast_enabled(kind)
        with torch.autocast(kind, enabled=False) if mixed else contextlib.nullcontext():
            return super().forward(x.float())


class Branch(nn.Module):
    """Two convolutions beside a transform, scaled by quality between them; nothing at first."""

    def __init__(self, qualities: int):
        super().__init__()
        self.first = nn.Conv2d(CHANNELS, WIDTH, 3, padding=1)
        self.second = nn.Conv2d(WIDTH, CHANNELS, 3, padding=1)
        self.scales = nn.Parameter(torch.ones(qualities, WIDTH))
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor, quality: Tensor) -> Tensor:
        hidden = F.leaky_relu(self.first(x / 8), SLOPE)
        return self.second(hidden * between(self.scales, quality))


class Encoder(nn.Module):
    """From a picture (n, 3, h, w), sRGB-encoded, 0 to 1, sides multiples of 8, and `quality` (n,)
    from 0 to 3, to latents (n, 192, h / 8, w / 8) float32, which are still to be rounded.
    """

    reach = 2 * BLOCK  # pixels beyond a block, which the branch looks at

    def __init__(self, qualities: int = len(STEPS)):
        super().__init__()
        self.transform = Exact(CHANNELS, CHANNELS, 1)
        weights = cosines() * 255 / UNIT
        self.transform.weight.data = torch.tensor(weights, dtype=torch.float32)[..., None, None]
        self.transform.bias.data = -self.transform.weight.data.sum((1, 2, 3)) / 2
        self.branch = Branch(qualities)
        gains = torch.tensor([[UNIT / step] * CHANNELS for step in STEPS[:qualities]])
        self.gains = nn.Parameter(gains.log())

    def forward(self, image: Tensor, quality: Tensor) -> Tensor:
        latents = self.transform(F.pixel_unshuffle(image, BLOCK))
        latents = latents + self.branch(latents, quality)
        return latents * between(self.gains, quality).exp()


class Decoder(nn.Module):
    """From rounded latents (n, 192, h, w) and `quality` (n,) from 0 to 3 to a picture
    (n, 3, 8h, 8w), sRGB-encoded, unclipped.
    """

    reach = 3  # latents around its own: two of the branch, one of the filter

    def __init__(self, qualities: int = len(STEPS)):
        super().__init__()
        self.branch = Branch(qualities)
        self.transform = Exact(CHANNELS, CHANNELS, 1)
        weights = np.linalg.inv(cosines()) * UNIT / 255
        self.transform.weight.data = torch.tensor(weights, dtype=torch.float32)[..., None, None]
        nn.init.constant_(self.transform.bias, 0.5)
        gains = torch.tensor([[step / UNIT] * CHANNELS for step in STEPS[:qualities]])
        self.gains = nn.Parameter(gains.log())
        self.head = nn.Conv2d(12, FILTER_WIDTH, 3, padding=1)
        self.scales = nn.Parameter(torch.ones(qualities, FILTER_WIDTH))
        self.body = nn.Conv2d(FILTER_WIDTH, FILTER_WIDTH, 3, padding=1)
        self.tail = nn.Conv2d(FILTER_WIDTH, 12, 3, padding=1)
        nn.init.zeros_(self.tail.weight)
        nn.init.zeros_(self.tail.bias)

    def forward(self, latents: Tensor, quality: Tensor) -> Tensor:
        x = latents * between(self.gains, quality).exp()
        x = x + self.branch(x, quality)
        image = F.pixel_unshuffle(F.pixel_shuffle(self.transform(x), BLOCK), 2)
        hidden = F.leaky_relu(self.head(image - 0.5), SLOPE)
        hidden = hidden * between(self.scales, quality)
        hidden = F.leaky_relu(self.body(hidden), SLOPE)
        return F.pixel_shuffle(image + self.tail(hidden), 2)


class Prior(nn.Module):
    """How improbable rounded latents are, by those before them.

    `above`: weights of the magnitudes to the left, above, above left and above right, (192, 4).
    `behind`: of those of `sources()`, (192, 8). `total`: of the sum of all earlier ones of the
    block, (192,). `least`: what is added, by quality, (Q, 192). All as what softplus makes of them.
    """

    def __init__(self, qualities: int = len(STEPS)):
        super().__init__()
        self.above = nn.Parameter(torch.full((CHANNELS, ABOVE), -2.2))
        self.behind = nn.Parameter(torch.full((CHANNELS, BEHIND), -2.2))
        self.total = nn.Parameter(torch.full((CHANNELS,), -5.0))
        self.least = nn.Parameter(torch.full((qualities, CHANNELS), -2.2))
        found = torch.from_numpy(sources())
        self.register_buffer("sources", found.clamp(min=0), persistent=False)
        self.register_buffer("there", (found >= 0).float(), persistent=False)

    def magnitudes(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """(what is expected of latents, magnitudes of what differs from it), both (n, 192, h, w).

        Only a block's mean is expected to be anything but 0.
        """
        expected = torch.zeros_like(latents)
        for channel in DIRECT:
            one = latents[:, channel : channel + 1]
            expected[:, channel : channel + 1] = expected_means(one.detach())
        return expected, (latents - expected).abs()

    def scales(self, magnitudes: Tensor, quality: Tensor) -> Tensor:
        """The scale of each latent's distribution, (n, 192, h, w)."""
        places = ((0, 1), (1, 0), (1, 1), (1, -1))
        found = between(F.softplus(self.least), quality) + LEAST
        weights = F.softplus(self.above)
        for n, (down, across) in enumerate(places):
            found = found + weights[:, n, None, None] * shifted(magnitudes, down, across)
        dense = torch.zeros(CHANNELS, CHANNELS, device=magnitudes.device)
        dense = dense.scatter_add(1, self.sources, F.softplus(self.behind) * self.there)
        earlier = torch.ones(CHANNELS, CHANNELS, device=magnitudes.device).tril(-1)
        dense = dense + earlier * F.softplus(self.total)[:, None]
        return found + F.conv2d(magnitudes, dense[..., None, None])

    def bits(self, latents: Tensor, noisy: Tensor, quality: Tensor) -> Tensor:
        """Bits of each latent, (n, 192, h, w): `latents` are rounded, `noisy` not."""
        expected, magnitudes = self.magnitudes(latents)
        scale = self.scales(magnitudes, quality)
        away = (noisy - expected).abs()
        outside = 0.5 * torch.exp(-(away - 0.5).clamp(min=0) / scale)
        outside = outside * -torch.expm1(-1 / scale)
        inside = 1 - 0.5 * (
            torch.exp(-(0.5 - away).clamp(min=0) / scale) + torch.exp(-(0.5 + away) / scale)
        )
        likely = torch.where(away > 0.5, outside, inside)
        return -torch.log2(likely.clamp(min=1e-9))


class Codec(nn.Module):
    """Encoder, decoder and prior, as they are trained together."""

    def __init__(self, qualities: int = len(STEPS)):
        super().__init__()
        self.encoder = Encoder(qualities)
        self.decoder = Decoder(qualities)
        self.prior = Prior(qualities)

    def forward(self, image: Tensor, quality: Tensor, noise: bool = True) -> tuple[Tensor, Tensor]:
        """(the decoded picture (n, 3, h, w), bits of each picture (n,))."""
        latents = self.encoder(image, quality)
        whole = rounded(latents)
        noisy = latents + torch.rand_like(latents) - 0.5 if noise else whole
        bits = self.prior.bits(whole, noisy, quality).sum((1, 2, 3))
        return self.decoder(whole, quality), bits


def distortion(result: Tensor, image: Tensor) -> Tensor:
    """Squared error of luminance and, counted COLOUR times, of each colour difference, in squares
    of levels of 255: (n,) of pictures (n, 3, h, w).
    """
    weights = torch.tensor(YCC * np.sqrt([1, COLOUR, COLOUR])[:, None], dtype=result.dtype)
    error = F.conv2d(255 * (result - image), weights[..., None, None].to(result.device))
    return error.square().sum(1).mean((1, 2))
