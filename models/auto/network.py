"""The network of Auto light: from a thumbnail to nine numbers, on which the sliders stand.

It sees how light and dark are spread, where colours lie around grey in logarithms of light (as J.
Barron, "Convolutional Color Constancy", ICCV 2015), and which colours are where in sixteen parts of
the frame. All are averages, so that a thumbnail of any size and shape will do.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.auto.settings import COUNT, ENDS, LIMITS, to_linear

SIDE = 48  # pixels of the longer side of the thumbnail that it is trained with
TONES = 24  # steps of each channel and of the luminance
COLOURS = 13  # steps either way around grey
FARTHEST = 1.8  # from grey, in natural logarithms of light
PARTS = 4  # of the frame, across and down
HIDDEN, LAST = 160, 96
FEATURES = 4 * TONES + 2 * COLOURS * COLOURS + 3 * PARTS * PARTS
DROPOUT = 0.2


class AutoLight(nn.Module):
    """(n, 3, h, w) to (n, COUNT), as `models.auto.settings.NAMES` has them."""

    scale = 1

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(FEATURES, HIDDEN), nn.Linear(HIDDEN, LAST)
        self.last = nn.Linear(LAST, COUNT)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)
        most = [LIMITS["mired"], LIMITS["tint"], LIMITS["exposure"], LIMITS["contrast"]]
        for name, value in (
            ("mean", torch.zeros(FEATURES)), ("deviation", torch.ones(FEATURES)),
            ("places", (torch.arange(TONES) + 0.5) / TONES),
            ("colours", torch.linspace(-FARTHEST, FARTHEST, COLOURS)),
            ("shares", torch.tensor([0.2126, 0.7152, 0.0722]).reshape(1, 3, 1)),
            ("most", torch.tensor([*most, ENDS, *[LIMITS["bend"]] * 3, ENDS])),
            ("rest", torch.tensor([0, 0, 0, 0, 0, 0.25, 0.5, 0.75, 1.0])),
            ("sign", torch.tensor([1.0] * 8 + [-1.0])),
        ):  # fmt: skip
            self.register_buffer(name, value)

    def forward(self, image: Tensor) -> Tensor:
        return self.told(self.features(image))

    def told(self, features: Tensor) -> Tensor:
        """The values (n, COUNT) for features (n, FEATURES)."""
        x = (features - self.mean) / self.deviation
        x = F.dropout(F.leaky_relu(self.first(x), 0.1), DROPOUT, self.training)
        values = torch.tanh(self.last(F.leaky_relu(self.second(x), 0.1)))
        # The ends of the curve come in, and never go out.
        inward = [F.relu(values[:, index : index + 1]) for index in (4, 8)]
        values = torch.cat([values[:, :4], inward[0], values[:, 5:8], inward[1]], 1)
        return self.rest + self.sign * self.most * values

    def features(self, image: Tensor) -> Tensor:
        """What is known of the whole picture: (n, FEATURES)."""
        flat = image.flatten(2)
        light = (flat * self.shares).sum(1, keepdim=True)
        four = torch.cat([flat, light], 1)
        over = torch.sigmoid((four[..., None] - self.places) * (2.0 * TONES)).mean(2)
        logs = torch.log(to_linear(flat) + 0.004)
        step = 2 * FARTHEST / (COLOURS - 1)
        red, blue = (
            F.relu(1 - ((logs[:, k] - logs[:, 1]).clamp(-FARTHEST, FARTHEST)[..., None]
                        - self.colours).abs() / step)
            for k in (0, 2)
        )  # fmt: skip
        # Of what is clipped or black no colour can be told; bright colours count apart.
        sure = ((flat.amax(1) < 0.985) & (flat.amin(1) > 0.015)).to(flat.dtype)
        spread = [
            torch.einsum("npu,npv->nuv", red * weight[..., None], blue).flatten(1) / flat.shape[2]
            for weight in (sure, sure * light[:, 0])
        ]
        parts = pooled(image)
        return torch.cat([over.flatten(1), *(part.sqrt() for part in spread), parts.flatten(1)], 1)


def pooled(image: Tensor) -> Tensor:
    """Means of PARTS by PARTS parts of pictures of any size, (n, 3, PARTS, PARTS)."""
    return F.interpolate(image, (16 * PARTS, 16 * PARTS), mode="nearest").unflatten(
        2, (PARTS, 16)
    ).unflatten(4, (PARTS, 16)).mean((3, 5))  # fmt: skip
