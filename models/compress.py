"""Make a shipped network smaller in several ways, and keep what holds: one table, one receipt.

    python -m models.compress plugins/clean/safelight_clean/denoise.onnx --photos FOLDER --out OUT
    python -m models.compress NETWORK.onnx --photos FOLDER --out OUT --ways student --budget 0.4 \
        --minutes 30

`half` is half precision. `int8` has eight-bit convolutions but for the first and the last (weights
per channel, activations calibrated, QDQ nodes). `mixed` tries each convolution alone in eight bits
and leaves those in float32 that cost most, until what is lost on the pictures that ranges were
taken from is within the limit. `student` is the network without those of its residual blocks that
matter least, as far as the budget of multiply-adds asks, taught for some minutes to give what the
whole one gives. `draft` is taught the same in eight bits (`models.drafts`), for previews; one that
lies in OUT already is measured again:

    python -m models.compress NETWORK.onnx --photos FOLDER --out OUT --ways draft --lost 0.15 \
        --time 0.4 --minutes 12

All that was made is then measured in one run on photographs kept from training: how far it is
from the original's results (a draft also from what PyTorch makes of it), the seam that tiles leave,
decibels lost on the task, and processor time, all networks in turn. A variant stays in OUT only
where every limit holds; `receipt.json` has the figures of all, and why some went.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnxruntime.quantization import CalibrationMethod, QuantType
from onnxruntime.quantization.calibrate import create_calibrator
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from models import complexity, drafts, measurement, onnxfile, precision, resample, training
from models.pictures import SUFFIXES, Pictures, is_held_out, read
from models.tiles import Network, sha256, state

WAYS = ("half", "int8", "mixed", "student", "draft")
CALIBRATION, SIDE = 16, 96  # photographs that ranges are taken from, input pixels of each
MOST, HELD_OUT_SIDE = 12, 256  # photographs that a variant may lose on, pixels of each
TRIED = 8  # of those that ranges are taken from, on which each convolution is tried alone
MOST_PSNR = 50.0  # dB that count of a picture: beyond, rounding to 8 bits decides
PERCENTILE = 99.999  # of the activations that ranges cover: 99.99 loses twice as much on Fast
BATCH, PATCH = 8, 64  # of a student's training, input pixels
RATE = 3e-4


@dataclass(frozen=True)
class Limits:
    """What a variant may cost at the most, beside what it saves at the least.

    `lost` dB of PSNR on the task; `time` of the original's; `seam` in units of the range, between
    tiles and the whole. `agreement` dB with the original at the least, where it is to be the same
    network in other numbers; `parity` dB of a draft's file with what PyTorch makes of it.
    """

    lost: float = precision.LARGEST_LOSS
    time: float = 1 / precision.LEAST_SPEED_UP
    seam: float = onnxfile.VISIBLE_SEAM
    agreement: float = 30.0
    parity: float = 45.0

    def broken(self, found: Figures) -> str:
        """Why a variant goes, in words; "" where it may stay."""
        why = []
        if found.agreement < self.agreement:
            why.append(f"{found.agreement:.1f} dB from the original's results")
        if found.parity < self.parity:
            why.append(f"{found.parity:.1f} dB from what PyTorch makes of it")
        if found.seam > self.seam:
            why.append(f"tiles leave a seam of {found.seam:.4f}")
        if found.lost > self.lost:
            why.append(f"{found.lost:.3f} dB lost, {self.lost:g} are allowed")
        if found.time > self.time:
            why.append(f"{found.time:.2f} of the time, {self.time:.2f} are allowed")
        return "; ".join(why)


@dataclass(frozen=True)
class Figures:
    """A variant as it was measured. `time` and `lost` beside the original; `psnr` in dB."""

    name: str
    megabytes: float
    agreement: float
    difference: float
    seam: float
    psnr: float
    lost: float
    time: float
    note: str = ""
    parity: float = float("inf")
    why_not: str = ""

    def row(self) -> str:
        """A row of the table."""
        kept = self.why_not or "kept"
        agreement = "–" if np.isinf(self.agreement) else f"{self.agreement:.1f}"
        return (
            f"| {self.name} | {self.megabytes:.2f} | {agreement} | {self.difference:.4f} |"
            f" {self.seam:.1e} | {self.psnr:.2f} | {self.lost:+.3f} | {self.time:.2f} |"
            f" {self.note} | {kept} |"
        )


HEAD = (
    "| variant | MB | agreement, dB | largest difference | seam | PSNR, dB | dB lost | time |"
    " what it is | kept |\n|---|---:|---:|---:|---:|---:|---:|---:|---|---|"
)

Given = Mapping[str, np.ndarray | float]


@dataclass(frozen=True)
class Task:
    """What a network is for. `spoilt` makes of a picture (h, w, 3) uint8 and a seed what the
    network is given, (h / scale, w / scale, 3) float32, and what else it is told; `psnr` compares a
    result with the picture, both uint8.
    """

    spoilt: Callable[[np.ndarray, int], tuple[np.ndarray, Given]]
    psnr: Callable[[np.ndarray, np.ndarray], float]


def task_of(network: Network) -> Task:
    """What is known of a network's task. Raises SystemExit, with a sentence, where nothing is."""
    from models.clean.damage import TASKS, benchmark

    name, scale = network.path.stem, network.scale
    if scale > 1:

        def reduced(picture: np.ndarray, _: int) -> tuple[np.ndarray, Given]:
            return resample.resize(picture, 1 / scale).astype(np.float32) / 255, {}

        return Task(reduced, lambda a, b: measurement.psnr(a, b, scale))
    if name in TASKS:

        def damaged(picture: np.ndarray, seed: int) -> tuple[np.ndarray, Given]:
            return np.asarray(benchmark(name, picture, seed)[0], np.float32), {}

        return Task(damaged, measurement.colour_psnr)
    raise SystemExit(f"How {network.path.name} is judged is not said here.")


def originals(photos: Path, scale: int, multiple: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """(pictures to calibrate on, those kept from training), uint8 of sides that a network takes."""
    paths = sorted(path for path in photos.iterdir() if path.suffix.lower() in SUFFIXES)
    found: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for kept, most, side in ((False, CALIBRATION, SIDE * scale), (True, MOST, HELD_OUT_SIDE)):
        chosen = [path for path in paths if is_held_out(path.name) == kept]
        side = side // (scale * multiple) * scale * multiple
        for path in [chosen[n * len(chosen) // most] for n in range(min(most, len(chosen)))]:
            picture = read(path)
            y, x = ((length - side) // 2 for length in picture.shape[:2])
            if min(y, x) >= 0:
                found[kept].append(np.ascontiguousarray(picture[y : y + side, x : x + side]))
    if not all(found):
        raise SystemExit(f"{photos} holds too few photographs: kept from training, and others.")
    return found


class EightBits:
    """Writes a network with some of its convolutions in eight bits, by ranges measured once."""

    def __init__(self, source: Path, pictures: Sequence[np.ndarray]):
        self.source = source
        with tempfile.TemporaryDirectory() as folder:
            prepared, augmented = Path(folder) / "prepared.onnx", Path(folder) / "augmented.onnx"
            quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
            self.model = onnx.load(str(prepared))
            calibrator = create_calibrator(
                str(prepared),
                ["Conv"],
                augmented_model_path=str(augmented),
                calibrate_method=CalibrationMethod.Percentile,
                extra_options={"percentile": PERCENTILE, "symmetric": False},
            )
            calibrator.collect_data(precision.Tiles(pictures))
            self.ranges = calibrator.compute_data()
            del calibrator
        self.convolutions = [n.name for n in self.model.graph.node if n.op_type == "Conv"]

    def write(self, target: Path, chosen: Sequence[str]) -> Path:
        """The network with the convolutions of those names in eight bits."""
        made = onnx.ModelProto()
        made.CopyFrom(self.model)
        quantizer = QDQQuantizer(
            made,
            per_channel=True,
            reduce_range=False,
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QUInt8,
            tensors_range=self.ranges,
            nodes_to_quantize=list(chosen),
            nodes_to_exclude=[],
            op_types_to_quantize=["Conv"],
            extra_options={},
        )
        quantizer.quantize_model()
        quantizer.model.save_model_to_file(str(target))
        stated = Network(self.source).properties
        state(target, stated | {"precision": f"int8 in {len(chosen)} convolutions"})
        return target


def sensitivities(
    eight: EightBits, spoilt: Sequence[np.ndarray], wanted: Sequence[np.ndarray]
) -> list[tuple[float, str]]:
    """Decibels that each convolution alone costs in eight bits, least first: of what is made of
    `spoilt`, float32, beside `wanted`, uint8.
    """
    before = _quality(Network(eight.source), spoilt, wanted)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in eight.convolutions:
            tried = Network(eight.write(Path(folder) / "tried.onnx", [name]))
            found.append((before - _quality(tried, spoilt, wanted), name))
    return sorted(found)


def within(losses: Sequence[tuple[float, str]], lost: float) -> list[str]:
    """The names, least first, whose losses together are no more than `lost`."""
    chosen = []
    for loss, name in losses:
        lost -= max(loss, 0.0)
        if lost < 0:
            break
        chosen.append(name)
    return chosen


def taught(source: Path) -> nn.Module:
    """The shipped network as a module of PyTorch, with its weights. Raises SystemExit where its
    family is not known here.
    """
    from models.clean.damage import TASKS
    from models.clean.network import build as cleaning
    from models.enlarge.network import Fast

    stored = training.stored_weights(source)
    scale = Network(source).scale
    module: nn.Module
    if source.stem in TASKS:
        module = cleaning("small")
    elif "head.weight" in stored and "after.weight" in stored:
        blocks = 1 + max(int(name.split(".")[1]) for name in stored if name.startswith("blocks."))
        module = Fast(scale, len(stored["head.weight"]), blocks).merged()
    else:
        raise SystemExit(f"Of which family {source.name} is, is not said here.")
    training.load_all_weights(module, source, "the network")
    return module.eval()


def residual_blocks(module: nn.Module) -> list[str]:
    """The names of a network's residual blocks, which can be left out."""
    return [name for name, part in module.named_modules() if type(part).__name__ == "ResidualBlock"]


def without(module: nn.Module, names: Sequence[str]) -> nn.Module:
    """A copy of a network that passes on what some of its residual blocks are given."""
    made = copy.deepcopy(module)
    for name in names:
        parent, _, last = name.rpartition(".")
        setattr(made.get_submodule(parent), last, nn.Identity())
    return made


def cost(module: nn.Module, scale: int) -> float:
    """Multiply-adds of a network's convolutions, of a picture of 64 x 64 pixels."""
    total = 0.0

    def count(part: Any, _: Any, result: Tensor) -> None:
        nonlocal total
        inner = part.weight[0].numel() if isinstance(part, nn.Conv2d) else part.weight[:, 0].numel()
        inner = inner if isinstance(part, nn.Conv2d) else inner / part.kernel_size[0] ** 2
        total += result.numel() * inner

    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    hooks = [p.register_forward_hook(count) for p in module.modules() if isinstance(p, kinds)]
    with torch.no_grad():
        module(torch.zeros(1, 3, 64, 64))
    for hook in hooks:
        hook.remove()
    return total


def shortened(
    teacher: nn.Module, budget: float, inputs: Sequence[Tensor]
) -> tuple[nn.Module, list[str]]:
    """(the network without blocks, their names): one block after another goes, each time the one
    without which results change least, until the multiply-adds are within `budget` of the whole's.

    Raises SystemExit where no block is left to go.
    """
    whole, scale = cost(teacher, teacher.scale), teacher.scale
    gone: list[str] = []
    with torch.no_grad():
        wanted = [teacher(one) for one in inputs]
        while cost(student := without(teacher, gone), scale) > budget * whole:
            left = [name for name in residual_blocks(teacher) if name not in gone]
            if not left:
                raise SystemExit(
                    f"Without any block it is still more than {budget:g} of the whole."
                )
            errors = []
            for name in left:
                tried = without(teacher, [*gone, name])
                away = [(tried(a) - b).square().mean() for a, b in zip(inputs, wanted, strict=True)]
                errors.append((float(torch.stack(away).mean()), name))
            gone.append(min(errors)[1])
    return student, gone


def distilled(
    student: nn.Module, teacher: nn.Module, task: Task, pictures: Pictures, minutes: float
) -> int:
    """Teach a student what the teacher gives, for so many minutes of the processor; the number of
    steps.
    """
    devices = training.fabric()
    clock = training.Clock(minutes, None, 0.0, devices)
    optimizer = training.adam(student.parameters(), RATE)
    average, rng, step = training.Average(student, 0.998), np.random.default_rng(1), 0
    while (part := clock.part(step)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = training.rate(part, RATE)
        crops, _ = pictures.sample(rng, BATCH, PATCH)
        spoilt = np.stack([task.spoilt(crop, int(rng.integers(1 << 30)))[0] for crop in crops])
        given = training.planes(spoilt)
        with torch.no_grad():
            wanted = teacher(given)
        optimizer.zero_grad(set_to_none=True)
        loss = (student(given) - wanted).abs().mean()
        loss.backward()
        optimizer.step()
        step += 1
        average.update(student, step)
    student.load_state_dict(average.weights)
    return step


def figures(
    source: Network,
    made: Mapping[str, tuple[Network, str]],
    task: Task,
    kept: Sequence[np.ndarray],
    limits: Limits,
    modules: Mapping[str, nn.Module] | None = None,
) -> list[Figures]:
    """The original and all that was made of it, measured in one run. `modules` are what PyTorch has
    of some of them, by name.
    """
    spoilt = [task.spoilt(picture, seed) for seed, picture in enumerate(kept)]
    wanted = [source(picture, **given) for picture, given in spoilt]
    rng = onnxfile.noise(onnxfile.SEAM_SIDE)
    every = {"original": (source, "")} | dict(made)
    times = precision.speeds([network for network, _ in every.values()])
    found: list[Figures] = []
    for (name, (network, note)), speed in zip(every.items(), times, strict=True):
        results = [network(picture, **given) for picture, given in spoilt]
        errors = [a - b for a, b in zip(results, wanted, strict=True)]
        square = float(np.mean([np.mean(np.square(x, dtype=np.float64)) for x in errors]))
        levels = [np.rint(x.clip(0, 1) * 255).astype(np.uint8) for x in results]
        scores = [min(MOST_PSNR, task.psnr(a, b)) for a, b in zip(levels, kept, strict=True)]
        psnr = float(np.mean(scores))
        seams = onnxfile.seams_of(
            network, {"noise": rng}, {"noise": network.whole(rng)}, network.reach, {}
        )
        one = Figures(
            name,
            network.path.stat().st_size / 1e6,
            float("inf") if not square else -10 * np.log10(square),
            max(float(np.abs(x).max()) for x in errors),
            max(seams.values()),
            psnr,
            found[0].psnr - psnr if found else 0.0,
            speed.processor / times[0].processor,
            note,
            parity(network, modules[name], spoilt) if name in (modules or {}) else float("inf"),
        )
        found.append(replace(one, why_not=limits.broken(one)) if found else one)
    return found


def parity(
    network: Network, module: nn.Module, spoilt: Sequence[tuple[np.ndarray, Given]]
) -> float:
    """dB between what a file makes of pictures and what a module does, of the least alike."""
    worst = float("inf")
    for picture, given in spoilt:
        told = {name: torch.tensor(value) for name, value in given.items()}
        with torch.no_grad():
            wanted = module(training.planes(picture[None]), **told)[0].permute(1, 2, 0).numpy()
        square = np.mean(np.square(network.whole(picture, **given) - wanted, dtype=np.float64))
        worst = min(worst, float(-10 * np.log10(square + 1e-12)))
    return worst


def compress(
    source: Path,
    photos: Path,
    out: Path,
    ways: Sequence[str] = WAYS,
    limits: Limits | None = None,
    budget: float = 0.4,
    minutes: float = 10.0,
) -> list[Figures]:
    """Make, measure, keep: see the module. The figures, those of the original first."""
    limits = limits or Limits()
    out.mkdir(parents=True, exist_ok=True)
    plain = Network(source)
    task = task_of(plain)
    calibration, kept = originals(photos, plain.scale, plain.multiple)
    spoilt = [task.spoilt(picture, 1000 + n)[0] for n, picture in enumerate(calibration)]
    targets = {way: out / f"{source.stem}_{way}.onnx" for way in ways}
    made: dict[str, tuple[Network, str]] = {}
    if "half" in ways:
        stored = onnx.load(str(source)).graph
        precision.halved(source, targets["half"], (), precision.beside_the_picture(stored))
        made["half"] = (Network(targets["half"]), "float16, sums as the runtime has them")
    if {"int8", "mixed"} & set(ways):
        eight = EightBits(source, spoilt)
        inner = eight.convolutions[1:-1]
        if "int8" in ways:
            note = f"{len(inner)} of {len(inner) + 2} convolutions"
            made["int8"] = (Network(eight.write(targets["int8"], inner)), note)
        if "mixed" in ways:
            before = _quality(plain, spoilt, calibration)
            losses = sensitivities(eight, spoilt[:TRIED], calibration[:TRIED])
            chosen = within(losses, limits.lost)
            while chosen:  # losses may add up to more, where each was tried alone
                tried = Network(eight.write(targets["mixed"], chosen))
                if before - _quality(tried, spoilt, calibration) <= limits.lost:
                    break
                chosen.pop()
            note = f"{len(chosen)} of {len(inner) + 2} convolutions"
            made["mixed"] = (Network(eight.write(targets["mixed"], chosen)), note)
    if "student" in ways:
        note = _student(plain, targets["student"], task, photos, out, spoilt, budget, minutes)
        made["student"] = (Network(targets["student"]), note)
    modules: dict[str, nn.Module] = {}
    if "draft" in ways:
        modules["draft"], note = _draft(plain, targets["draft"], photos, out, minutes)
        made["draft"] = (Network(targets["draft"]), note)
    found = figures(plain, made, task, kept, limits, modules)
    for one in found[1:]:
        if one.why_not:
            targets[one.name].unlink()
    hashes = {way: sha256(path) for way, path in targets.items() if path.exists()}
    receipt = {
        "source": source.name,
        "sha256": sha256(source),
        "photographs": len(kept),
        "processor_threads": os.cpu_count(),
        "limits": asdict(limits),
        "figures": [asdict(one) for one in found],
        "kept": hashes,
    }
    (out / "receipt.json").write_text(json.dumps(receipt, indent=1) + "\n")
    if "draft" in hashes:
        note_draft(out / "drafts.json", targets["draft"].name, receipt, found[-1])
    return found


def note_draft(file: Path, name: str, receipt: Mapping[str, Any], found: Figures) -> None:
    """Write the figures of a draft beside those of others, for a card."""
    known = json.loads(file.read_text()) if file.exists() else {}
    known[name] = {key: receipt[key] for key in ("photographs", "source")} | asdict(found)
    known[name]["sha256"] = receipt["kept"]["draft"]
    file.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")


def _quality(network: Network, spoilt: Sequence[np.ndarray], wanted: Sequence[np.ndarray]) -> float:
    """Mean PSNR in dB, of all colours, of what a network makes of `spoilt`, float32, beside
    `wanted`, uint8; of a picture at most MOST_PSNR counts.
    """
    scores = []
    for image, picture in zip(spoilt, wanted, strict=True):
        away = network.whole(image).clip(0, 1) - picture.astype(np.float32) / 255
        square = np.mean(np.square(away, dtype=np.float64))
        scores.append(min(MOST_PSNR, float(-10 * np.log10(square + 1e-12))))
    return float(np.mean(scores))


def _student(
    plain: Network,
    target: Path,
    task: Task,
    photos: Path,
    out: Path,
    spoilt: Sequence[np.ndarray],
    budget: float,
    minutes: float,
) -> str:
    """Write a student; what it is, in words."""
    teacher = taught(plain.path)
    inputs = [training.planes(picture[None]) for picture in spoilt[:TRIED]]
    student, gone = shortened(teacher, budget, inputs)
    pictures = Pictures(photos, plain.scale, out)
    steps = distilled(student.train(), teacher, task, pictures, minutes)
    numbers = {"level": (-1.0,)} if "level" in _inputs(plain) else None
    onnxfile.write(student.eval(), target, plain.multiple, numbers)
    share = complexity.multiply_adds(target) / complexity.multiply_adds(plain.path)
    parameters = sum(p.numel() for p in student.parameters())
    state(target, plain.properties | {"parameters": str(parameters), "student_of": plain.path.name})
    left = len(residual_blocks(teacher)) - len(gone)
    return f"{left} of {left + len(gone)} blocks, {share:.2f} of the multiply-adds, {steps} steps"


def _draft(
    plain: Network, target: Path, photos: Path, out: Path, minutes: float
) -> tuple[nn.Module, str]:
    """Write a draft, or take the one that is there: as PyTorch has it, and what it is, in words."""
    teacher = taught(plain.path)
    made = drafts.draft_of(teacher)
    if not target.exists():
        examples = drafts.examples_of(plain.path.name, Pictures(photos, 1, out))
        steps = drafts.teach(made, teacher, examples, minutes)
        onnx.save(made.written(), str(target))
        stated = {"draft_of": plain.path.name, "reach": str(made.reach), "steps": str(steps)}
        stated |= {"precision": "int8", "title": f"{plain.properties['title']}, draft"}
        stated["parameters"] = str(sum(p.numel() for p in made.parameters()))
        state(target, plain.properties | stated)
    made = drafts.restored(made, target)
    return made, f"eight bits, {Network(target).properties['steps']} steps"


def _inputs(network: Network) -> set[str]:
    held = network.session
    return {item.name for item in (*held.get_inputs(), *held.get_overridable_initializers())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", type=Path, help="the ONNX file that ships")
    parser.add_argument("--photos", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--out", type=Path, required=True, help="folder for variants and receipt")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS[:3]))
    parser.add_argument("--lost", type=float, default=Limits.lost, help="dB at the most")
    parser.add_argument(
        "--time", type=float, default=Limits.time, help="of the original's, at most"
    )
    parser.add_argument("--budget", type=float, default=0.4, help="of the multiply-adds, a student")
    parser.add_argument("--minutes", type=float, default=10.0, help="that a student is taught")
    given = parser.parse_args()
    limits = Limits(given.lost, given.time)
    found = compress(
        *(given.network, given.photos, given.out, given.ways, limits, given.budget, given.minutes)
    )
    print(HEAD, *(one.row() for one in found), sep="\n")


if __name__ == "__main__":
    main()
