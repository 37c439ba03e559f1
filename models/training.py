"""What every training run shares: a clock, averaged weights, a log, files that can be resumed.

Nothing here decides what is learnt: networks, losses and steps are in each model's own files.
Devices, mixed precision and several processes are Lightning Fabric's.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import io
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

CLIP = 0.5  # largest norm of a gradient
WARM_UP = 0.02  # part of a run until the learning rate is full
LARGEST_STATE = 16 << 20  # bytes of a file that a run resumes from: small enough to be passed on
MOST_PARTS = 4  # files that a run resumes from
DIGEST = hashlib.sha256().digest_size
ROOT = Path(__file__).parents[1]
REST_OF = "rest_of"  # in an .npz: the file in the checkout that it is the rest of, and its SHA-256


def fabric() -> Fabric:
    """The devices of this run: one, or torchrun's.

    In bfloat16 where that is exact enough, unless a processor would take longer for it.
    """
    devices = int(os.getenv("LOCAL_WORLD_SIZE", "1"))
    nodes = int(os.getenv("GROUP_WORLD_SIZE", "1"))
    made = Fabric(devices=devices, num_nodes=nodes, precision=precision())
    made.launch()
    return made


def precision() -> Literal["bf16-mixed", "32-true"]:
    """What numbers a run has; processors without bfloat16 take three times as long for it."""
    known = torch.cpu.get_capabilities()
    if torch.cuda.is_available() or known.get("amx_bf16") or known.get("avx512_bf16"):
        return "bf16-mixed"
    return "32-true"


def planes(images: np.ndarray) -> Tensor:
    """(n, h, w, 3) to (n, 3, h, w) of the same numbers, channels innermost in memory."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2)


Optimizing = Callable[[Iterator[nn.Parameter], float], torch.optim.Optimizer]
"""From parameters and a learning rate to what learns them."""


def adam(parameters: Iterator[nn.Parameter], rate: float) -> torch.optim.Optimizer:
    """Adam (Kingma and Ba, 2015), with a short memory of how large gradients were."""
    return torch.optim.Adam(parameters, lr=rate, betas=(0.9, 0.99), fused=True)


def setup(
    devices: Fabric,
    module: nn.Module,
    rate: float,
    state: dict[str, Any] | None,
    name: str,
    optimizing: Optimizing = adam,
) -> tuple[Any, Any]:
    """A module and its optimiser on the run's devices, as a stored state left them."""
    module = module.to(memory_format=torch.channels_last)
    optimizer = optimizing(module.parameters(), rate)
    if state and name in state:
        module.load_state_dict(state[name]["weights"])
        optimizer.load_state_dict(state[name]["optimizer"])
    return devices.setup(module, optimizer)


def take_step(devices: Fabric, module: Any, optimizer: Any, loss: Tensor) -> float:
    """One step of an optimiser down the gradient of a loss; the gradient's norm before CLIP."""
    optimizer.zero_grad(set_to_none=True)
    devices.backward(loss)
    norm = devices.clip_gradients(module, optimizer, max_norm=CLIP, error_if_nonfinite=False)
    optimizer.step()
    assert norm is not None
    return float(norm)


class Clock:
    """How much of a run is gone. Schedules follow it, so every run ends annealed.

    A run lasts for its minutes, or for its `steps` where they are given, which repeats exactly.
    On a processor, minutes are those that it works for this run: one at a low priority beside other
    work learns as much as one that has a core to itself, only later. On a device they are the
    clock's. `before` are the seconds that the runs took which this one resumes. Several processes
    follow the first one's clock: all must agree on the rate, and on when to stop.
    """

    def __init__(self, minutes: float, steps: int | None, before: float, devices: Fabric):
        self.total = minutes * 60
        self.steps = steps
        self.devices = devices
        # Of this thread alone, which takes part in all that the others do for it.
        self._now = time.thread_time if devices.device.type == "cpu" else time.monotonic
        self._start = self._now() - before

    def seconds(self) -> float:
        """Seconds of training so far, by this process's clock."""
        return self._now() - self._start

    def part(self, step: int) -> float:
        """The part that is gone after `step` steps: 0 at the start, 1 or more when it is over."""
        if self.steps:
            return step / self.steps
        seconds = self.seconds()
        if self.devices.world_size > 1:
            seconds = float(self.devices.broadcast(torch.tensor(seconds, dtype=torch.float64)))
        return seconds / self.total


def rate(part: float, highest: float, lowest: float = 1e-6) -> float:
    """The learning rate after a part (0 to 1) of the run: a linear warm-up, then a cosine."""
    cosine = 0.5 * (1 + math.cos(math.pi * min(part, 1.0)))
    return max(lowest, min(1.0, part / WARM_UP) * (lowest + (highest - lowest) * cosine))


class Average:
    """Exponential moving average of a network's weights, shorter at the start of a run."""

    def __init__(self, network: nn.Module, momentum: float):
        self.momentum = momentum
        self.weights = {
            name: value.detach().clone() for name, value in network.state_dict().items()
        }

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take in the weights after `step` steps."""
        momentum = min(self.momentum, (step + 1) / (step + 10))
        values = list(network.state_dict().values())
        torch._foreach_lerp_(list(self.weights.values()), values, 1 - momentum)


class Log:
    """JSON lines: the settings first, then whatever is noted, each with its step and seconds."""

    def __init__(self, path: Path, settings: dict[str, Any]):
        self._file = path.open("a")
        self.write(settings={name: shown(value) for name, value in settings.items()})

    def write(self, **values: Any) -> None:
        """Add a line, and show it."""
        line = json.dumps(values)
        self._file.write(line + "\n")
        self._file.flush()
        print(line, flush=True)


def shown(value: Any) -> Any:
    """A setting as a log may hold it: of a path only its name, since folders are private."""
    if isinstance(value, tuple):
        return [shown(part) for part in value]
    return value.name if isinstance(value, Path) else value


@dataclass(kw_only=True)
class Settings:
    """What every training run is told. A model's own settings add to it, with its own defaults."""

    photos: Path
    out: Path
    minutes: float
    steps: int | None = None  # instead of minutes
    batch: int
    learning_rate: float = 1e-3
    init: Path | None = None
    resume: bool = False
    workers: int = 0  # processes that make examples; 0 where the cores have no time for them
    measure_every: float  # seconds
    seed: int = 1


class Run:
    """A training run: its devices and networks, and what is kept, noted and measured of it.

    `settings` is a model's own dataclass, with at least the fields that `options` asks for. Tell it
    the `network`, and what learns `beside` it; then `begin`, take a step for each of `parts`, and
    say what came of it to `done`. `losses` are those of this call, `step` counts resumed ones too.
    """

    def __init__(self, settings: Any, log_every: int):
        self.settings = settings
        self.log_every = log_every
        self.devices = fabric()
        self.losses: list[float] = []
        settings.out.mkdir(parents=True, exist_ok=True)
        self._file = settings.out / "state.pt"
        stored = settings.resume and self._file.exists()
        self._state = load_state(self._file) if stored else {"step": 0, "seconds": 0.0}
        self._trained: dict[str, tuple[Any, Any]] = {}
        self.step = self._state["step"]
        # After a resume not the same crops again, and in every process other ones.
        self.seed = (settings.seed, self.step, self.devices.global_rank)
        torch.manual_seed(sum(self.seed))

    def batches(self, examples: IterableDataset) -> Iterator[Any]:
        """Batches of a data set that makes them itself, on the device."""
        loader = DataLoader(examples, batch_size=None, num_workers=self.settings.workers)
        return iter(self.devices.setup_dataloaders(loader, use_distributed_sampler=False))

    def network(self, module: nn.Module, averaging: float, optimizing: Optimizing = adam) -> Any:
        """The network that is trained, from `init` or a stored state; its average is kept."""
        if self.settings.init:
            left = load_weights(module, self.settings.init)
            print(f"started from {self.settings.init.name}; new: {len(left)} of its arrays")
        self._examined = copy.deepcopy(module).to(self.devices.device)
        network, self._optimizer = self.beside(module, 0.0, "network", optimizing)
        self._average = Average(network, averaging)
        for name, value in self._state.get("average", {}).items():
            self._average.weights[name] = value.to(self.devices.device)
        return network

    def beside(
        self, module: nn.Module, rate: float, name: str, optimizing: Optimizing = adam
    ) -> tuple[Any, Any]:
        """Something else that learns, at a rate of its own, and its optimiser."""
        self._trained[name] = setup(self.devices, module, rate, self._state, name, optimizing)
        return self._trained[name]

    def begin(self) -> None:
        """Start the clock and the log."""
        first, settings = self.devices.is_global_zero, self.settings
        self._log = Log(settings.out / "log.jsonl", asdict(settings)) if first else None
        seconds = self._state["seconds"]
        self._clock = Clock(settings.minutes, settings.steps, seconds, self.devices)

    @property
    def rate(self) -> float:
        """The network's learning rate in this step."""
        return self._optimizer.param_groups[0]["lr"]

    def note(self, **values: float) -> None:
        """Add a line to the log, in the process that keeps it."""
        if self._log:
            self._log.write(step=self.step, seconds=round(self._clock.seconds(), 1), **values)

    def parts(
        self, measure: Callable[[Any], dict[str, float]], *, at_once: bool = True
    ) -> Iterator[float]:
        """The part of the run that is gone (0 to 1), before each of its steps.

        Every `measure_every` seconds, and at the end, what was learnt is kept, and what `measure`
        says of the averaged network is noted; with `at_once`, before the first step too.
        """
        due = self._clock.seconds() + (0.0 if at_once else self.settings.measure_every)
        while (part := self._clock.part(self.step)) < 1:
            if self._log and self._clock.seconds() >= due:
                self._keep(measure)
                due = self._clock.seconds() + self.settings.measure_every
            for group in self._optimizer.param_groups:
                group["lr"] = rate(part, self.settings.learning_rate) * group.get("times", 1.0)
            yield part
        if self._log:
            self._keep(measure)

    def learn(self, loss: Tensor) -> float:
        """One step of the network down the gradient of a loss; its norm, see `take_step`."""
        return take_step(self.devices, *self._trained["network"], loss)

    def done(self, loss: float, **values: float) -> None:
        """A step is over: what it gave, and what else to note of it every so many steps."""
        self.step += 1
        self._average.update(self._trained["network"][0], self.step)
        self.losses.append(loss)
        if self.step % self.log_every == 0:
            mean = round(float(np.mean(self.losses[-self.log_every :])), 5)
            self.note(loss=mean, **values, learning_rate=self.rate)

    def _keep(self, measure: Callable[[Any], dict[str, float]]) -> None:
        """Write the weights, and what a run resumes from; then measure."""
        save_weights(self.settings.out / "weights.npz", self._average.weights)
        stored: dict[str, Any] = {
            name: {"weights": module.state_dict(), "optimizer": optimizer.state_dict()}
            for name, (module, optimizer) in self._trained.items()
        }
        stored |= {"average": self._average.weights, "step": self.step}
        save_state(self._file, stored | {"seconds": self._clock.seconds()})
        self._examined.load_state_dict(self._average.weights)
        with torch.random.fork_rng():
            found = measure(self._examined)
        if found:
            self.note(**found)


def options(
    description: str, defaults: Any, *, photographs: bool = True
) -> argparse.ArgumentParser:
    """The options that every training has, with the defaults of a model's settings.

    One that is not about a folder of `photographs` says itself where it learns from.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    if photographs:
        parser.add_argument("--photos", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and log")
    parser.add_argument("--minutes", type=float, default=defaults.minutes)
    parser.add_argument("--steps", type=int, help="end after so many, instead of the minutes")
    parser.add_argument("--batch", type=int, default=defaults.batch)
    if hasattr(defaults, "patch"):
        parser.add_argument("--patch", type=int, default=defaults.patch, help="side, input pixels")
    parser.add_argument("--learning-rate", type=float, default=defaults.learning_rate)
    parser.add_argument("--init", type=Path, help="weights.npz or .onnx to start from")
    parser.add_argument("--resume", action="store_true", help="continue from OUT/state.pt")
    if hasattr(defaults, "cache"):
        parser.add_argument("--cache", type=Path, help="folder for the packed pictures (OUT)")
    parser.add_argument("--workers", type=int, default=defaults.workers)
    parser.add_argument("--measure-every", type=float, default=defaults.measure_every)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    return parser


def save_weights(path: Path, weights: dict[str, Tensor]) -> None:
    """Write weights as plain arrays, so that reading them runs no code; whole or not at all."""
    partial = path.with_name("partial_" + path.name)
    np.savez(partial, **{name: value.float().cpu().numpy() for name, value in weights.items()})
    partial.replace(path)


def stored_weights(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a training's weights.npz, or of a network that was exported to ONNX.

    What `models.rest` wrote is the rest of a network that ships, whose arrays come along. Raises
    SystemExit where another one ships since.
    """
    if path.suffix == ".onnx":
        import onnx

        tensors = onnx.load(str(path)).graph.initializer
        return {item.name: onnx.numpy_helper.to_array(item) for item in tensors}
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    if REST_OF not in arrays:
        return arrays
    file, digest = map(str, arrays.pop(REST_OF))
    shipped = ROOT / file
    if not shipped.is_file() or hashlib.sha256(shipped.read_bytes()).hexdigest() != digest:
        raise SystemExit(f"{path} is the rest of another {file} than the one that ships.")
    return stored_weights(shipped) | arrays


def load_weights(network: nn.Module, path: Path) -> list[str]:
    """Take every weight that fits in name and shape; returns the names of those left alone.

    A shipped file holds convolutions whose branches are merged: they arrive in the plain branch,
    and the others stay as they are, zero in a new network, so the map is the same.
    """
    own, given = network.state_dict(), stored_weights(path)
    fitting = {
        name: torch.from_numpy(np.array(given[name]))
        for name in given
        if name in own and own[name].shape == given[name].shape
    }
    network.load_state_dict(fitting, strict=False)
    return [name for name in own if name not in fitting]


def load_all_weights(network: nn.Module, path: Path, kind: str) -> None:
    """Take the weights of a file for the whole network, a `kind` of network in words.

    Raises SystemExit, with a sentence, where some are missing.
    """
    left = load_weights(network, path)
    if left:
        raise SystemExit(f"{path} lacks {', '.join(left)}: no weights of {kind}.")


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write what a run resumes from; whole or not at all.

    `state` holds `network` and whatever else is trained, each {"weights", "optimizer"}; `average`,
    the averaged weights of `network`; and plain numbers. To keep it small, moments of the optimiser
    and distances of averages from their weights are kept in bfloat16: the first are averages of
    noise, the second small. What is larger than LARGEST_STATE goes on in `state_1.pt` and so on,
    for a `path` of `state.pt`. Raises ValueError when that would be more than MOST_PARTS files.
    """
    weights = state["network"]["weights"]
    away = {name: (value - weights[name]).bfloat16() for name, value in state["average"].items()}
    written = io.BytesIO()
    torch.save(_moments(state | {"average": away}, torch.bfloat16), written)
    whole = written.getvalue()
    if len(whole) > LARGEST_STATE:
        whole += hashlib.sha256(whole).digest()
    files = _parts(path)[: -(-len(whole) // LARGEST_STATE)]
    if len(files) * LARGEST_STATE < len(whole):
        raise ValueError(
            f"{path.name} would be larger than {MOST_PARTS * LARGEST_STATE >> 20} MiB."
        )
    for n, file in enumerate(files):
        piece = whole[n * LARGEST_STATE : (n + 1) * LARGEST_STATE]
        file.with_name("partial_" + file.name).write_bytes(piece)
    for file in files:
        file.with_name("partial_" + file.name).replace(file)
    for file in _parts(path)[len(files) :]:
        file.unlink(missing_ok=True)


def load_state(path: Path) -> dict[str, Any]:
    """What `save_state` wrote. Raises ValueError when its files are not of one save."""
    pieces = [file.read_bytes() for file in _parts(path) if file.exists()]
    stored = b"".join(pieces)
    if len(pieces) > 1:
        stored, digest = stored[:-DIGEST], stored[-DIGEST:]
        if hashlib.sha256(stored).digest() != digest:
            raise ValueError(f"{path.name} and the files that go on from it are not of one save.")
    state: dict[str, Any] = torch.load(io.BytesIO(stored), weights_only=True, map_location="cpu")
    weights = state["network"]["weights"]
    average = {name: weights[name] + away.float() for name, away in state["average"].items()}
    return _moments(state | {"average": average}, torch.float32)


def _parts(path: Path) -> list[Path]:
    """The files that a state may be in, in order."""
    more = [path.with_name(f"{path.stem}_{n}{path.suffix}") for n in range(1, MOST_PARTS)]
    return [path, *more]


def _moments(state: Any, kind: torch.dtype) -> Any:
    """The same with both moments of Adam in another kind of number."""
    if not isinstance(state, dict):
        return state
    return {
        name: value.to(kind) if name in ("exp_avg", "exp_avg_sq") else _moments(value, kind)
        for name, value in state.items()
    }
