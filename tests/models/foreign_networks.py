"""Foreign networks: eighty tiny networks, exported by PyTorch as strangers export theirs.

``python -m tests.models.foreign_networks FOLDER`` writes them all. Each says in ``truth`` how
pictures go through it, as its author knows; ``outcome`` is what an editor should do with it: get
all of that *right*, have some of it *asked*, or *refused* with a reason.
"""

import functools
import io
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import onnx
import torch
from torch import nn
from torch.nn import functional

FREE = {2: "height", 3: "width"}


@dataclass(frozen=True)
class Foreign:
    """A network to export. ``examples`` are its inputs; ``free`` the axes of any length of the
    first. ``asks`` are the properties a person has to be asked for, ``reason`` a pattern of the
    sentence that refuses it.
    """

    network: nn.Module
    examples: tuple
    outcome: str
    truth: Mapping[str, str] = field(default_factory=dict)
    asks: tuple[str, ...] = ()
    reason: str = ""
    free: Mapping[int, str] | None = None
    names: tuple[str, ...] = ("input",)
    metadata: Mapping[str, str] = field(default_factory=dict)

    def export(self) -> bytes:
        """The network as ONNX."""
        file = io.BytesIO()
        with warnings.catch_warnings(), torch.random.fork_rng():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                self.network.eval(),
                self.examples,
                file,
                dynamo=False,
                opset_version=17,
                input_names=list(self.names),
                output_names=["output"],
                dynamic_axes={self.names[0]: dict(self.free)} if self.free else None,
            )
        if not self.metadata:
            return file.getvalue()
        model = onnx.load_model_from_string(file.getvalue())
        onnx.helper.set_model_props(model, dict(self.metadata))
        return model.SerializeToString()


class Does(nn.Module):
    """A function as a network; ``parts`` are its modules."""

    def __init__(self, function: Callable[..., torch.Tensor], *parts: nn.Module):
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.function = function

    def forward(self, *given):
        return self.function(*self.parts, *given)


def blur(channels: int = 3, padding: int = 1, share: float = 0.3) -> nn.Conv2d:
    """A convolution that mixes each pixel with its neighbours."""
    made = nn.Conv2d(channels, channels, 3, padding=padding, groups=channels)
    kernel = torch.full((3, 3), share / 8)
    kernel[1, 1] = 1 - share
    made.weight.data[:] = kernel
    made.bias.data[:] = 0.004
    return made


def warmed(x):
    """Red, green and blue as they were, but what is redder than it is blue is dimmed: of the three
    only red and blue can be told apart by it.
    """
    excess = functional.relu(x[:, :1] - x[:, 2:3] - 0.04)
    return torch.cat(
        [x[:, :1] - 0.9 * excess, x[:, 1:2] + 0.3 * excess, x[:, 2:3] + 0.9 * excess], 1
    )


def inside(net, x, low, high):
    """A network from 0 to 1 as one whose black is ``low`` and white ``high``, which clips."""
    y = net(((x - low) / (high - low)).clamp(0, 1)).clamp(0, 1)
    return y * (high - low) + low


RANGES = {"0..1": (0.0, 1.0), "0..255": (0.0, 255.0), "-1..1": (-1.0, 1.0)}


def enlarger(scale: int, padding: int = 1) -> nn.Module:
    def run(conv, x):
        y = functional.interpolate(x, scale_factor=float(scale), mode="nearest")
        return conv(y)

    return Does(run, blur(padding=padding))


def ranged(net: nn.Module, values: str, layout: str = "NCHW", order: str = "RGB") -> nn.Module:
    low, high = RANGES[values]

    def run(net, x):
        x = x.permute(0, 3, 1, 2) if layout == "NHWC" else x
        x = x.flip(1) if order == "BGR" else x
        y = inside(net, x, low, high)
        y = y.flip(1) if order == "BGR" else y
        return y.permute(0, 2, 3, 1) if layout == "NHWC" else y

    return Does(run, net)


def picture(side: int = 64, channels: int = 3, layout: str = "NCHW") -> torch.Tensor:
    shape = (1, channels, side, side) if layout == "NCHW" else (1, side, side, channels)
    return torch.rand(shape, generator=torch.Generator().manual_seed(1))


@functools.cache
def networks() -> Mapping[str, Foreign]:
    """All of them, by name."""
    found: dict[str, Foreign] = {}
    _of_any_size(found)
    _that_crop(found)
    _of_one_size(found)
    _with_further_inputs(found)
    _with_masks(found)
    _with_second_pictures(found)
    _refused(found)
    return found


def _of_any_size(found: dict[str, Foreign]) -> None:
    for values in RANGES:
        for layout in ("NCHW", "NHWC"):
            free = FREE if layout == "NCHW" else {1: "height", 2: "width"}
            for scale in (1, 2, 3, 4):
                net = blur() if scale == 1 else enlarger(scale)
                truth = {"layout": layout, "range": values, "scale": str(scale)}
                found[f"x{scale}_{values}_{layout}"] = Foreign(
                    ranged(net, values, layout),
                    (picture(layout=layout),),
                    "asked",
                    {**truth, "channels": "RGB", "result": "RGB"},
                    ("channels",),
                    free=free,
                )
    for order in ("RGB", "BGR"):
        for values in ("0..1", "0..255"):
            found[f"warmed_{order}_{values}"] = Foreign(
                ranged(Does(warmed), values, order=order),
                (picture(),),
                "asked",
                {"channels": order, "result": order, "range": values, "scale": "1"},
                ("channels",),
                free=FREE,
            )
    stated = {"Image.BitmapPixelFormat": "Bgr8", "Image.NominalPixelRange": "NominalRange_0_255"}
    found["stated_bgr"] = Foreign(
        ranged(blur(), "0..255", order="BGR"),
        (picture(),),
        "right",
        {"channels": "BGR", "result": "BGR", "range": "0..255"},
        free=FREE,
        metadata=stated,
    )
    for scale in (1, 2):
        net = blur(1) if scale == 1 else Does(_luma_enlarged, blur(1))
        found[f"luma_x{scale}"] = Foreign(
            ranged(net, "0..255"),
            (picture(channels=1),),
            "right",
            {"channels": "Y", "result": "Y", "range": "0..255", "scale": str(scale)},
            free=FREE,
        )
    found["half"] = Foreign(
        ranged(blur(), "0..1").half(),
        (picture().half(),),
        "asked",
        {"range": "0..1", "scale": "1"},
        ("channels",),
        free=FREE,
    )
    found["style"] = Foreign(
        Does(lambda conv, norm, x: torch.sigmoid(norm(conv(x))) * 255, blur(), _norm()),
        (picture(),),
        "asked",
        {"range": "0..255", "result_range": "0..255"},
        ("range", "channels"),
        free=FREE,
    )
    for kind in (torch.uint8, torch.int32, torch.int64):
        name = str(kind).rpartition(".")[2]
        found[f"pixels_{name}"] = Foreign(
            Does(lambda conv, x, kind=kind: conv(x.float()).clamp(0, 255).to(kind), blur()),
            ((picture() * 255).to(kind),),
            "asked",
            {"range": "0..255", "result_range": "0..255", "scale": "1"},
            ("channels",),
            free=FREE,
        )


def _norm() -> nn.Module:
    return nn.InstanceNorm2d(3, affine=True)


def _luma_enlarged(conv, x):
    return conv(functional.interpolate(x, scale_factor=2.0, mode="nearest"))


def _that_crop(found: dict[str, Foreign]) -> None:
    for scale, depth in ((1, 1), (1, 4), (2, 3), (2, 7), (4, 2)):
        convolutions = nn.Sequential(*(blur(padding=0, share=0.02) for _ in range(depth)))
        net = convolutions
        if scale > 1:
            net = nn.Sequential(convolutions, nn.Upsample(scale_factor=float(scale)))
        truth = {"scale": str(scale), "crop": str(depth * scale), "layout": "NCHW"}
        found[f"crops_{depth}_x{scale}"] = Foreign(
            net, (picture(),), "asked", truth, ("channels",), free=FREE
        )
    found["crops_at_one_size"] = Foreign(
        nn.Sequential(*(blur(padding=0, share=0.02) for _ in range(4))),
        (picture(96),),
        "asked",
        {"scale": "1", "crop": "4", "height": "96", "width": "96"},
        ("channels",),
    )


def _contrast(x):
    mean = x.mean(dim=(2, 3), keepdim=True)
    return mean + 0.8 * (x - mean)


def _subject(x):
    return torch.sigmoid(x.mean(1, keepdim=True) - x.mean(dim=(1, 2, 3), keepdim=True))


def _of_one_size(found: dict[str, Foreign]) -> None:
    def whole(name, net, truth, asks, side=64, channels=3):
        found[name] = Foreign(net, (picture(side, channels),), "asked", truth, asks)

    masks = ("result", "range", "channels")
    for side in (64, 128):
        whole(
            f"subject_{side}", Does(_subject), {"fit": "whole", "result": "mask"}, masks, side=side
        )
    whole(
        "subject_at_half",
        Does(lambda x: _subject(functional.avg_pool2d(x, 2))),
        {"fit": "whole", "result": "mask"},
        masks,
    )
    whole(
        "matte",
        Does(lambda x: _subject(x * x)),
        {"fit": "whole", "result": "mask", "range": "0..1"},
        masks,
    )
    whole(
        "depth",
        Does(lambda x: 9000 * x.mean(1, keepdim=True) / x.mean()),
        {"fit": "whole", "result": "grey", "result_range": "spread"},
        ("result", "channels"),
    )
    whole("light", Does(_contrast), {"fit": "change", "result": "RGB"}, ("fit",))
    whole(
        "painting",
        Does(lambda conv, norm, x: torch.sigmoid(norm(conv(x))), blur(), _norm()),
        {"result": "RGB"},
        ("range", "fit"),
    )
    found["colours"] = Foreign(
        Does(lambda x: torch.cat([x * 0.2 + 5, x * 0.5 - 10], 1)),
        (picture(channels=1) * 100,),
        "right",
        {"channels": "L", "result": "ab", "scale": "1"},
    )
    found["window_of_96"] = Foreign(
        ranged(blur(), "0..255"),
        (picture(96) * 255,),
        "asked",
        {"range": "0..255", "height": "96", "width": "96", "scale": "1"},
        ("channels",),
    )


def _with_further_inputs(found: dict[str, Foreign]) -> None:
    numbers = {
        "float32": torch.tensor([0.5]),
        "int64": torch.tensor([1]),
        "int32": torch.tensor([1], dtype=torch.int32),
        "bool": torch.tensor([True]),
    }
    for kind, number in numbers.items():
        found[f"number_{kind}"] = Foreign(
            Does(lambda conv, x, n: x + 0.2 * n.float() * (conv(x) - x), blur()),
            (picture(), number),
            "asked",
            {"scale": "1", "layout": "NCHW"},
            ("range",),
            free=FREE,
            names=("input", "amount"),
        )


def _filled(x, hole):
    """What is not the hole stays, the hole gets the mean of what stays; no pixel of it counts."""
    kept = x * (1 - hole)
    mean = kept.mean(dim=(2, 3), keepdim=True)
    return kept + mean * hole


def _with_masks(found: dict[str, Foreign]) -> None:
    masks = {
        "hole_is_1": (lambda x, m: _filled(x, m), "0..1"),
        "hole_is_0": (lambda x, m: _filled(x, 1 - m), "1..0"),
        "hole_is_255": (lambda x, m: _filled(x, m / 255), "0..255"),
    }
    for name, (function, truth) in masks.items():
        for free in (FREE, None):
            found[name + ("" if free else "_at_one_size")] = Foreign(
                Does(function),
                (picture(), picture(channels=1)),
                "asked",
                {"mask": "mask", "mask_range": truth, **({} if free else {"fit": "whole"})},
                ("channels",),
                free=free,
                names=("image", "mask"),
            )
    found["hole_in_bytes"] = Foreign(
        Does(lambda x, m: (_filled(x.float(), 1 - m.float() / 255)).to(torch.uint8)),
        ((picture() * 255).to(torch.uint8), torch.full((1, 1, 64, 64), 255, dtype=torch.uint8)),
        "asked",
        {"mask": "known", "mask_range": "255..0", "range": "0..255"},
        ("channels",),
        names=("image", "known"),
    )
    found["hole_without_channels"] = Foreign(
        Does(lambda x, m: _filled(x, (m > 0.5).float().unsqueeze(1)) * 255),
        (picture(), picture(channels=1)[:, 0]),
        "asked",
        {"mask": "m", "mask_range": "0..1", "result_range": "0..255"},
        ("channels",),
        names=("image", "m"),
    )
    found["hole_in_bool"] = Foreign(
        Does(lambda x, m: _filled(x, m.float())),
        (picture(), torch.zeros(1, 1, 64, 64, dtype=torch.bool)),
        "asked",
        {"mask": "where", "mask_range": "0..1"},
        ("channels",),
        names=("image", "where"),
    )


def _moments(x, y):
    """The first picture with the mean and the deviation of the second (AdaIN)."""
    sides = (2, 3)
    mean, other = (item.mean(dim=sides, keepdim=True) for item in (x, y))
    deviation, wanted = (item.std(dim=sides, keepdim=True) + 1e-4 for item in (x, y))
    return (x - mean) / deviation * wanted + other


def _with_second_pictures(found: dict[str, Foreign]) -> None:
    def two(name, function, truth, asks, names, second=None, free=None):
        examples = (picture(), second if second is not None else picture())
        order = reversed(examples) if truth["guide"] == names[0] else examples
        found[name] = Foreign(
            Does(function), tuple(order), "asked", truth, asks, free=free, names=names
        )

    aligned = {"guide": "over", "guide_fit": "aligned", "scale": "1"}
    two("mixed", lambda x, y: (x + y) / 2, aligned, ("guide", "channels"), ("input", "over"))
    whole = {"guide": "style", "guide_fit": "whole", "scale": "1"}
    asks = ("guide", "guide_fit", "channels")
    two("moments", _moments, whole, asks, ("content", "style"))
    two("style_first", lambda y, x: _moments(x, y), whole, asks, ("style", "content"))
    two("style_of_96", _moments, whole, ("guide", "channels"), ("content", "style"), picture(96))


def _refused(found: dict[str, Foreign]) -> None:
    def no(name, net, examples, reason, free=None, names=("input",)):
        found[name] = Foreign(net, examples, "refused", reason=reason, free=free, names=names)

    no(
        "classifier",
        Does(lambda layer, x: layer(x.mean(dim=(2, 3))), nn.Linear(3, 10)),
        (picture(),),
        "gives 1 × 10 numbers, not a picture",
        FREE,
    )
    no("four_at_once", blur(), (picture().repeat(4, 1, 1, 1),), "takes 4 pictures at a time")
    no("four_channels", blur(4), (picture(channels=4),), "no 3 or 1 channels")
    no("film", nn.ReLU(), (torch.rand(1, 3, 5, 32, 32),), "5 dimensions")
    no("smaller", nn.AvgPool2d(4), (picture(),), "smaller than what went in", FREE)
    no("classes", nn.Conv2d(3, 21, 1), (picture(),), "gives 21 channels", FREE)
    no("constant", Does(lambda x: x * 0 + 0.5), (picture(),), "the same result", FREE)
    three = (picture(), picture(), picture())
    names = ("content", "style", "depth")
    no(
        "three_pictures",
        Does(lambda x, y, z: (x + y + z) / 3),
        three,
        "a second picture",
        names=names,
    )
    no(
        "mask_of_another_rank",
        Does(lambda x, m: x * m.mean()),
        (picture(), torch.rand(64, 64)),
        "which is no picture",
        names=("image", "mask"),
    )
    no(
        "enlarges_in_a_mask",
        Does(lambda x, m: functional.interpolate(x * m, scale_factor=2.0)),
        (picture(), picture(channels=1)),
        "a mask and makes another size",
        names=("image", "mask"),
    )


def main(folder: Path) -> None:
    for name, foreign in networks().items():
        (folder / f"{name}.onnx").write_bytes(foreign.export())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
