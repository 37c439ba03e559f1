"""Drafts: students of shipped networks in eight bits, for previews while a slider moves.

Each starts from the weights of its teacher, less the blocks or channels that a budget of time does
not allow, with ReLU where the teacher has a leaky one. See `eight_bits`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models import least_squares, resample, training
from models.clean.damage import MARGINS, TASKS, told_level
from models.clean.network import AUTO, Clean
from models.degradation import fraction
from models.eight_bits import LEVELS, EightBits, Taught, Written
from models.enlarge.network import Fast
from models.pictures import Pictures

PARTS = ((0.45, 6e-4, False), (0.55, 3e-4, True))  # shares of the time, their rates, eight bits
SETTLED = 12  # batches that ranges are taken from
AVERAGING = 0.998
BATCH, CROP = 8, 64  # of a training, pixels
CROPS = {2: 48, 4: 40}  # input pixels of an enlarger's, by scale
TOLD = 0.4  # share of damaged crops that come with a level


def convolution(layer: nn.Conv2d, inputs: Any = slice(None), outputs: Any = slice(None)) -> Any:
    """A copy of a convolution, of some of its channels."""
    weight = layer.weight.detach()[outputs][:, inputs].clone()
    bias = layer.bias is not None
    made = nn.Conv2d(
        weight.shape[1], weight.shape[0], layer.kernel_size, padding=layer.padding, bias=bias,
        stride=layer.stride,
    )  # fmt: skip
    made.weight.data.copy_(weight)
    if bias:
        made.bias.data.copy_(layer.bias.detach()[outputs])
    return made


Example = Callable[[np.random.Generator], tuple[Tensor, dict[str, Tensor], Tensor | None]]
"""Draws what a network is given, what else it is told, and the truth where that counts."""


class Draft(EightBits):
    """A draft of a network: `scale`, `multiple` and `reach` as those of what it stands for."""

    scale = 1
    multiple = 1
    reach = 0

    def written(self) -> onnx.ModelProto:
        """The draft as an ONNX graph."""
        raise NotImplementedError

    def begin(self, teacher: nn.Module, example: Example) -> None:
        """Come as near to a teacher as is possible without being taught."""

    def away(self, made: Tensor, wanted: Tensor) -> Tensor:
        """How far results (n, 3, h, w) are from those that are wanted, which teaching lowers."""
        return (made - wanted).abs().mean()


class FastDraft(Draft):
    """A draft of Enlarge's Fast, without some of its blocks.

    Input (n, 3, h, w), sRGB-encoded, 0 to 1, beyond which nothing is known of it; output
    (n, 3, scale*h, scale*w).
    """

    def __init__(self, teacher: Fast, blocks: Sequence[int]) -> None:
        layers = {"head": convolution(teacher.head)}
        for n in blocks:
            layers[f"first_{n}"] = convolution(teacher.blocks[n].first)
            layers[f"second_{n}"] = convolution(teacher.blocks[n].second)
        layers["after"] = convolution(teacher.after)
        layers["last"] = convolution(teacher.last)
        super().__init__(layers, ("given", *(f"block_{n}" for n in blocks), "features"))
        self.scale, self.reach = teacher.scale, 2 * len(blocks) + 3
        self.blocks = tuple(blocks)

    def detail(self, steps: Any, image: Any) -> Any:
        """What is added to the interpolated picture, before its channels become pixels."""
        x = head = steps.convolve("head", steps.quantise("given", image))
        for n in self.blocks:
            inner = steps.convolve(f"first_{n}", x, relu=True)
            x = steps.add(f"block_{n}", x, steps.convolve(f"second_{n}", inner))
        return steps.convolve("last", steps.add("features", head, steps.convolve("after", x)))

    def forward(self, image: Tensor) -> Tensor:
        steps = Taught(self)
        detail = steps.shuffle(self.detail(steps, image), self.scale)
        return detail + F.interpolate(image, scale_factor=self.scale, mode="bilinear")

    def written(self) -> onnx.ModelProto:
        steps = Written(self)
        detail = steps.number(steps.shuffle(self.detail(steps, "image"), self.scale))
        scales = steps.constant("scales", np.float32([1, 1, self.scale, self.scale]))
        way = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        base = steps.node("Resize", ("image", "", scales), "base", **way)
        return steps.model(steps.node("Add", (base, detail), "sum"), self.scale, self.multiple)


_DOWN, _UP = (("before", "_second"), ("down", "")), (("up", ""), ("after", "_second"))
_NOTHING = 1e-9


class CleanDraft(Draft):
    """A draft of a cleaning network, see `Clean`; the strength in steps of 1/255.

    `inner` are the channels that blocks have between their convolutions, from the finest level on;
    of a level that is not named, as many as the teacher's.
    """

    def __init__(self, teacher: Clean, inner: Sequence[int] = ()) -> None:
        levels = len(teacher.down)
        layers: dict[str, Any] = {"head": convolution(teacher.head)}
        blocks = [(f"before_{n}", block) for n, block in enumerate(teacher.before)]
        blocks += [("bottom", teacher.bottom)]
        blocks += [(f"after_{n}", block) for n, block in enumerate(teacher.after)]
        for name, block in blocks:
            first, second = block.first, block.second
            at = name.rpartition("_")[2]
            kept = slice(None)
            if at.isdigit() and int(at) < len(inner):
                kept = _heaviest(first, second, inner[int(at)])
            layers[f"{name}_first"] = convolution(first, outputs=kept)
            layers[f"{name}_second"] = convolution(second, inputs=kept)
        for n in range(levels):
            layers[f"down_{n}"] = convolution(teacher.down[n])
            layers[f"up_{n}"] = _pointwise(teacher.up[n])
        layers["last"] = convolution(teacher.last)
        sums = [name for name, _ in blocks] + [f"sum_{n}" for n in range(levels)]
        super().__init__(layers, ("given", *sums))
        self.levels, self.multiple, self.reach = levels, teacher.multiple, teacher.reach

    def damage(self, steps: Any, x: Any) -> Any:
        """What is taken away from the picture, of the picture in eight bits and its two planes."""

        def block(name: str, x: Any) -> Any:
            inner = steps.convolve(f"{name}_first", x, relu=True)
            return steps.add(name, x, steps.convolve(f"{name}_second", inner))

        x, skipped = steps.convolve("head", x), []
        for n in range(self.levels):
            x = block(f"before_{n}", x)
            skipped.append(x)
            x = steps.convolve(f"down_{n}", x, stride=2)
        x = block("bottom", x)
        for n in reversed(range(self.levels)):
            up = steps.shuffle(steps.convolve(f"up_{n}", x), 2)
            x = block(f"after_{n}", steps.add(f"sum_{n}", up, skipped[n]))
        return steps.convolve("last", x)

    def begin(self, teacher: nn.Module, example: Example) -> None:
        rng = np.random.default_rng(5)
        batches = [example(rng)[:2] for _ in range(least_squares.BATCHES)]
        down, up = range(self.levels), range(self.levels - 1, -1, -1)
        order = [(f"{kind}_{n}{end}", f"{kind}.{n}") for n in down for kind, end in _DOWN]
        order += [("bottom_second", "bottom")]
        order += [(f"{kind}_{n}{end}", f"{kind}.{n}") for n in up for kind, end in _UP]
        least_squares.fit(self, teacher, batches, [*order, ("last", "last")])

    def away(self, made: Tensor, wanted: Tensor) -> Tensor:
        # Of each picture as PSNR counts it, and weak noise as much as strong.
        return ((made - wanted).square().mean((1, 2, 3)) + _NOTHING).sqrt().mean()

    def given(self, steps: Any, image: Tensor, level: Tensor | None = None) -> Any:
        """The picture and its two planes, in eight bits."""
        level = image.new_full((), AUTO) if level is None else level
        level = level.reshape(-1, 1, 1, 1)
        known = (level > AUTO).to(image.dtype)
        planes = torch.cat([level * known, known], 1).expand(image.shape[0], -1, *image.shape[2:])
        return steps.quantise("given", torch.cat([image, planes], 1))

    def forward(self, image: Tensor, level: Tensor | None = None) -> Tensor:
        steps = Taught(self)
        return image - self.damage(steps, self.given(steps, image, level))

    def written(self) -> onnx.ModelProto:
        steps = Written(self)
        steps.constant("level", np.float32(AUTO))
        known = steps.node("Greater", ("level", steps.constant("auto", np.float32(AUTO))), "known")
        flag = steps.node("Cast", (known,), "flag", to=onnx.TensorProto.FLOAT)
        told = steps.node("Mul", ("level", flag), "told")
        shape = steps.constant("one", np.int64([1, 1, 1, 1]))
        pair = [steps.node("Reshape", (x, shape), f"{x}_plane") for x in (told, flag)]
        eight = steps.quantised("given", "image")
        small = steps.node("Concat", pair, "pair", axis=1)
        given = (small, eight.scale, eight.zero)
        small = steps.node("QuantizeLinear", given, "pair_eight")
        sides = steps.node("Shape", ("image",), "sides", start=2)
        whole = steps.node(
            "Concat", (steps.constant("flat", np.int64([1, 2])), sides), "whole", axis=0
        )
        planes = steps.node("Expand", (small, whole), "planes")
        joined = steps.node("Concat", (eight.name, planes), "joined", axis=1)
        damage = self.damage(steps, type(eight)(joined, eight.scale, eight.zero, eight.width))
        result = steps.node("Sub", ("image", steps.number(damage)), "difference")
        return steps.model(result, 1, self.multiple, ("level",))


def _heaviest(first: nn.Conv2d, second: nn.Conv2d, count: int) -> Any:
    """The channels between two convolutions that weigh most in both, in their order."""
    weight = first.weight.detach().square().sum((1, 2, 3))
    weight = weight * second.weight.detach().square().sum((0, 2, 3))
    return weight.argsort(descending=True)[:count].sort().values


def _pointwise(layer: nn.ConvTranspose2d) -> nn.Conv2d:
    """A transposed 2x2 convolution of stride 2 as one of 1x1 whose channels become pixels."""
    inputs, outputs = layer.weight.shape[:2]
    made = nn.Conv2d(inputs, 4 * outputs, 1, bias=False)
    kernel = layer.weight.detach().permute(1, 2, 3, 0).reshape(4 * outputs, inputs, 1, 1)
    made.weight.data.copy_(kernel)
    return made


def draft_of(teacher: nn.Module) -> Draft:
    """An untaught draft of a network, as large as its time allows. Raises SystemExit where none is
    known of the family.
    """
    if isinstance(teacher, Clean):
        return CleanDraft(teacher)
    if isinstance(teacher, Fast):
        return FastDraft(teacher, range(len(teacher.blocks)))
    raise SystemExit(f"What a draft of {type(teacher).__name__} is, is not said here.")


def restored(draft: Draft, path: Path) -> Draft:
    """The draft with the kernels and the ranges that its file holds, in eight bits."""
    stored = training.stored_weights(path)
    with torch.no_grad():
        for name, layer in draft.convolutions.items():
            outputs, inputs = layer.weight.shape[:2]
            kernel = stored[f"{name}_kernel"] * stored[f"{name}_kernel_scale"][:, None, None, None]
            layer.weight.copy_(torch.from_numpy(kernel[:outputs, :inputs]))
            if f"{name}_bias" in stored:
                bias = stored[f"{name}_bias"] * stored[f"{name}_bias_scale"]
                layer.bias.copy_(torch.from_numpy(bias[:outputs].astype(np.float32)))
        for name, one in draft.ranges.items():
            step, zero = (float(stored[f"{name}_{part}"]) for part in ("scale", "zero"))
            one.low.fill_(-zero * step)
            one.high.fill_((LEVELS - zero) * step)
    draft.quantising = True
    return draft


def examples_of(name: str, pictures: Pictures) -> Example:
    """Examples for the draft of the network with that file's name, of whole pictures."""
    task = name.removesuffix(".onnx")
    if task in TASKS:
        return lambda rng: _damaged(task, pictures, rng)
    scale = int(task.rpartition("_x")[2])
    return lambda rng: _reduced(scale, "faithful" in task, pictures, rng)


def _damaged(task: str, pictures: Pictures, rng: np.random.Generator) -> Any:
    """Damaged crops, and of some how strong the damage is said to be."""
    crops, _ = pictures.sample(rng, BATCH, CROP + 2 * MARGINS[task])
    pairs = [TASKS[task](crop, rng) for crop in crops]
    edge = slice(MARGINS[task], -MARGINS[task] or None)
    given = np.stack([damaged[edge, edge] for damaged, _ in pairs])
    told = [told_level(task, level, rng) if rng.random() < TOLD else AUTO for _, level in pairs]
    return training.planes(given), {"level": torch.tensor(told, dtype=torch.float32)}, None


def _reduced(scale: int, faithful: bool, pictures: Pictures, rng: np.random.Generator) -> Any:
    """Crops made smaller; those themselves too, where nothing is to be invented."""
    crops, _ = pictures.sample(rng, BATCH, CROPS[scale] * scale)
    small = fraction(np.stack([resample.resize(crop, 1 / scale) for crop in crops]))
    truth = training.planes(fraction(crops)) if faithful else None
    return training.planes(small), {}, truth


def teach(draft: Draft, teacher: nn.Module, example: Example, minutes: float) -> int:
    """Teach a draft what its teacher gives, for so many minutes of the processor: in float32 first,
    then in eight bits. The number of steps.
    """
    draft.begin(teacher, example)
    steps = 0
    for share, rate, eight in PARTS:
        if eight:
            settle(draft, example)
        steps += _part(draft, teacher, example, share * minutes, rate)
    return steps


def _part(
    draft: Draft, teacher: nn.Module, example: Example, minutes: float, highest: float
) -> int:
    """A part of the lessons; the number of steps."""
    clock = training.Clock(minutes, None, 0.0, training.fabric())
    optimizer = training.adam(draft.parameters(), highest)
    average, rng, step = training.Average(draft, AVERAGING), np.random.default_rng(1), 0
    while (part := clock.part(step)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = training.rate(part, highest)
        given, told, truth = example(rng)
        with torch.no_grad():
            wanted = teacher(given, **told)
        made = draft(given, **told)
        loss = draft.away(made, wanted)
        if truth is not None:
            loss = loss + draft.away(made, truth)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        step += 1
        average.update(draft, step)
    draft.load_state_dict(average.weights)
    return step


def settle(draft: Draft, example: Example) -> None:
    """Find the ranges of a draft as it is."""
    rng = np.random.default_rng(2)
    with torch.no_grad(), draft.watched():
        for _ in range(SETTLED):
            given, told, _ = example(rng)
            draft(given, **told)
