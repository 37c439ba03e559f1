"""Measure the filters of sequences on clips kept from training, beside what else there is.

    python -m models.sequence.measure --clips FOLDER --photos FOLDER [--json metrics.json]

The filters are the plugin's own functions, and what is carried goes from frame to frame as in the
editor; their networks run in ONNX Runtime on the CPU. Noise has fixed seeds. Of each clip the
middle is measured. Seconds are the processor's, all methods in turns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models import cards, measurement
from models.clean.damage import white_noise
from models.clean.measure import held_out
from models.degradation import fraction, levels
from models.plugincode import ROOT, editor, plugin_package
from models.sequence.clips import HELD_OUT, blob, seen
from models.sequence.stepping import Job, Outcome, gone_through
from models.tiles import sha256, state, write_sums

light = plugin_package("clean", "light")
sequence = plugin_package("sequence", "__init__")
FrameCarrier = editor("actions.sequences.frame_carrier").FrameCarrier
PLUGIN = ROOT / "plugins" / "sequence" / "safelight_sequence"
SIDE = 224  # pixels of the middle of a clip
FRAMES = 12
SIGMA = 25  # 8-bit levels
STILL = 1.0  # levels between two clean frames, smoothed, below which a place stands still
BURST = 8  # frames
HAND = 2.0, 0.004  # standard deviations of a hand: pixels, radians
PHOTOGRAPHS = 3  # that bursts are made of
KINDS = (  # of bursts: whether a hand shakes, whether something passes
    ("from a tripod", False, False),
    ("from a hand", True, False),
    ("from a hand, something passing", True, True),
)
FLICKER = 0.08  # standard deviation of the logarithm of the light
INERTIA = 0.9
NLM_FRAMES, NLM_STRENGTHS = 5, (0.7, 1.0)  # of OpenCV; strengths in parts of SIGMA

PUBLISHED = """| as published, white noise on DAVIS (480p), PSNR in dB | σ = 10 | σ = 20 |
|---|---|---|
| FastDVDnet (Tassano et al. 2020) | 38.71 | 35.77 |

Of other clips, sharper and longer ones, and of a network that sees two frames to come: not to be
set beside the tables of this card.
"""

Frames = Sequence[np.ndarray]
Scores = dict[str, list[float]]  # by method, PSNR in dB of each clip

PARTS = ("denoise", "burst", "light", "continue")
CLEANED, INVENTED = "**Denoise sequence**", "**after: Continue**"


def read_clips(folder: Path) -> dict[str, np.ndarray]:
    """The middle of each clip kept from training: (frames, SIDE, SIDE, 3) uint8, by name."""
    found = {}
    for name in HELD_OUT:
        files = sorted((folder / name).glob("*.jpg"))[: 2 * FRAMES]
        clip = np.stack([cv2.imread(str(file))[..., ::-1] for file in files])
        y, x = ((length - SIDE) // 2 for length in clip.shape[1:3])
        found[name] = np.ascontiguousarray(clip[:, y : y + SIDE, x : x + SIDE])
    return found


def psnr(made: Frames, wanted: Frames) -> float:
    """Mean colour PSNR in dB of frames rounded to 8 bits."""
    pairs = zip(made, wanted, strict=True)
    return float(np.mean([measurement.colour_psnr(levels(a), levels(b)) for a, b in pairs]))


def gain(value: float, than: float) -> str:
    return f"{value:.2f} ({value - than:+.2f})"


def table(head: str, columns: Sequence[str], rows: Mapping[str, Sequence[str]]) -> list[str]:
    lines = [f"| {head} | " + " | ".join(columns) + " |", "|" + "---|" * (len(columns) + 1)]
    return (
        lines + [f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows.items()] + [""]
    )


# -- Denoise sequence --------------------------------------------------------------------------


def forgetting(filter: Callable[..., Any]) -> Callable[..., Any]:
    """The same filter, whose network is given nothing that it remembered."""

    def forgetful(image: np.ndarray, before: Any, *others: Any, **settings: Any) -> Any:
        if before is not None:
            before = {name: np.zeros_like(array) for name, array in before.items()}
        return filter(image, before, *others, **settings)

    forgetful.__dict__ = filter.__dict__
    return forgetful


def non_local_means(noisy: np.ndarray, clean: Frames) -> list[np.ndarray]:
    """OpenCV's over frames: the best of several strengths."""
    frames = [levels(frame)[..., ::-1] for frame in noisy]
    best: list[np.ndarray] | None = None
    for strength in (share * SIGMA for share in NLM_STRENGTHS):
        made = []
        for n in range(len(frames)):
            half = min(NLM_FRAMES // 2, n, len(frames) - 1 - n)
            shown = cv2.fastNlMeansDenoisingColoredMulti(
                frames, n, 2 * half + 1, None, strength, strength, 7, 21
            )
            made.append(fraction(shown[..., ::-1]))
        if best is None or psnr(made, clean) > psnr(best, clean):
            best = made
    assert best is not None
    return best


def restless(made: Frames, clean: Frames) -> float:
    """How much still places differ from frame to frame, in 8-bit levels, root mean square."""
    found = []
    for n in range(1, len(clean)):
        apart = cv2.GaussianBlur(np.abs(clean[n] - clean[n - 1]).max(2), (0, 0), 2)
        still = apart < STILL / 255
        found.append(np.square((made[n] - made[n - 1]) - (clean[n] - clean[n - 1]))[still])
    joined = np.concatenate(found)
    return float(255 * np.sqrt(joined.mean())) if len(joined) else float("nan")


def denoising(clips: Mapping[str, np.ndarray], job: Job) -> tuple[list[str], Scores]:
    told = {"automatic": False, "level": float(SIGMA)}
    rows: dict[str, list[str]] = {}
    numbers: Scores = {}
    for seed, clip in enumerate(clips.values()):
        clean = fraction(clip[:FRAMES])
        noisy = white_noise(clean, np.random.default_rng(seed), SIGMA / 255)
        onward = gone_through(sequence.denoise_sequence, noisy, job, told).frames
        back = gone_through(sequence.denoise_sequence, noisy[::-1], job, told).frames[::-1]
        forgetful = forgetting(sequence.denoise_sequence)
        made = {
            "as it is": list(noisy),
            "OpenCV, fastNlMeansDenoisingColoredMulti": non_local_means(noisy, clean),
            "Denoise, each frame alone": [
                job.run(sequence.CLEANER, frame, level=SIGMA / 255) for frame in noisy
            ],
            "Denoise sequence, nothing remembered": gone_through(
                forgetful, noisy, job, told
            ).frames,
            CLEANED: onward,
            "**Denoise sequence, both ways**": [
                (a + b) / 2 for a, b in zip(onward, back, strict=True)
            ],
        }
        alone = made["Denoise, each frame alone"]
        first = psnr(alone[1:], clean[1:])
        for name, frames in made.items():
            score, rest = psnr(frames[1:], clean[1:]), restless(frames, clean)
            rows.setdefault(name, []).append(gain(score, first))
            rows[name].append(f"{rest:.2f} ({rest / restless(alone, clean):.2f})")
            numbers.setdefault(name, []).append(round(score, 3))
    columns = [f"{name}, {what}" for name in clips for what in ("dB", "restlessness")]
    lines = table("white noise of 25 levels, told", columns, rows)
    lines += [
        f"The middle {SIDE} × {SIDE} pixels of frames 2 to {FRAMES}; PSNR of colours, in brackets"
        " the gain over Denoise. Restlessness: by how many levels still places differ from frame to"
        " frame, in brackets as a share of Denoise's. OpenCV's is given 8 bits, and the best of"
        " two strengths counts.",
        "",
    ]
    return lines, numbers


def seconds(clip: np.ndarray, job: Job, rounds: int = 7) -> list[str]:
    """Processor time a frame, in turns."""
    clean, rng = fraction(clip[:2]), np.random.default_rng(0)
    noisy = white_noise(clean, rng, SIGMA / 255)
    told = {"automatic": False, "level": float(SIGMA), "prepared": {}}
    declaration = sequence.api.registered(sequence.denoise_sequence).declaration

    def both() -> None:
        before = carrier.before(noisy[1])
        carrier.keep(sequence.denoise_sequence(noisy[1], before, job, **told)[1])

    def alone() -> None:
        light.kept(noisy[1], job.run(sequence.CLEANER, noisy[1], level=SIGMA / 255))

    def network() -> None:
        job.step(sequence.NETWORK, noisy[1], seen, level=SIGMA / 255)

    taken: dict[Callable[[], None], list[float]] = {alone: [], both: [], network: []}
    carrier = FrameCarrier(declaration)
    carrier.before(noisy[0])
    _, held = sequence.denoise_sequence(noisy[0], None, job, **told)
    carrier.keep(held)
    seen = {"left": held["left"], "newest": noisy[1], "memory": held["memory"]}
    seen["previous"] = held["previous"]
    for _ in range(rounds):
        for work, found in taken.items():
            start = time.process_time()
            work()
            found.append(time.process_time() - start)
    one, two, three = (float(np.median(found)) for found in taken.values())
    million = SIDE * SIDE / 1e6
    return [
        f"A frame takes {two / million:.2f} core-seconds a megapixel, with its motion, its mean and"
        f" its network; Denoise's {one / million:.2f}: {two / one:.2f} times as long, its network"
        f" alone {three / one:.2f} times (median of {rounds}, in turns).",
        "",
    ]


# -- Merge burst -------------------------------------------------------------------------------


def burst(picture: np.ndarray, rng: np.random.Generator, hand: bool, passing: bool) -> np.ndarray:
    """A burst of a photograph (h, w, 3) float32: (BURST, SIDE, SIDE, 3), the last frame as it lies.

    ``passing``: something passes before it, another piece of the photograph.
    """
    frames = []
    shape = blob(rng, SIDE)[..., None]
    other = seen(picture[::-1, ::-1], np.float32([[1, 0, 0], [0, 1, 0]]), SIDE)
    for number in range(BURST):
        shake = hand and number < BURST - 1
        dx, dy = HAND[0] * rng.standard_normal(2) if shake else (0, 0)
        turn = HAND[1] * rng.standard_normal() if shake else 0
        c, s = np.cos(turn), np.sin(turn)
        frame = seen(picture, np.float32([[c, -s, dx], [s, c, dy]]), SIDE)
        if passing:
            way = np.float32([[1, 0, -7 * number], [0, 1, 0]])
            there = cv2.warpAffine(shape, way, (SIDE, SIDE))[..., None]
            frame = frame + there * (cv2.warpAffine(other, way, (SIDE, SIDE)) - frame)
        frames.append(np.clip(frame, 0, 1))
    return np.asarray(frames, np.float32)


def bursts(photographs: Sequence[np.ndarray], job: Job) -> list[str]:
    rows: dict[str, list[str]] = {}
    for _, hand, passing in KINDS:
        scores: dict[str, list[float]] = {}
        for seed, photograph in enumerate(photographs):
            rng = np.random.default_rng(seed)
            clean = burst(fraction(photograph), rng, hand, passing)
            noisy = white_noise(clean, rng, SIGMA / 255)
            told = {"automatic": False, "level": float(SIGMA), "linear": False}
            made = {
                "Denoise, the last frame alone": job.run(
                    sequence.CLEANER, noisy[-1], level=SIGMA / 255
                ),
                "mean of all frames, not moved": noisy.mean(0),
                "**Merge burst**": gone_through(sequence.merge_burst, noisy, job, told).frames[-1],
            }
            for method, frame in made.items():
                scores.setdefault(method, []).append(psnr([frame], clean[-1:]))
        first = float(np.mean(scores["Denoise, the last frame alone"]))
        for method, found in scores.items():
            rows.setdefault(method, []).append(gain(float(np.mean(found)), first))
    columns = [kind for kind, _, _ in KINDS]
    lines = table(f"a burst of {BURST}, white noise of 25 levels, told; dB", columns, rows)
    lines += [
        f"{len(photographs)} photographs kept from training, turned and moved by random amounts of"
        f" {HAND[0]} pixels and {HAND[1]} radians, the noise in the file's values and not averaged"
        " as light; the last frame is what is wanted.",
        "",
    ]
    return lines


# -- Steady light ------------------------------------------------------------------------------


def steadied(clips: Mapping[str, np.ndarray], job: Job) -> list[str]:
    rows = {}
    for seed, (name, clip) in enumerate(clips.items()):
        rng = np.random.default_rng(seed)
        for kind, frames in (("one frame", np.repeat(clip[:1], 40, 0)), ("the clip", clip)):
            plain = 0.1 + 0.7 * fraction(frames)
            gains = np.exp(FLICKER * rng.standard_normal(len(plain))).astype(np.float32)
            uneven = plain * gains[:, None, None, None]
            made = gone_through(sequence.steady_light, uneven, job, {"inertia": INERTIA}).frames
            settled = slice(len(plain) // 4, None)
            own = plain.mean((1, 2, 3))

            def unsteady(shown: Frames, own: np.ndarray = own, part: slice = settled) -> float:
                light = np.array([frame.mean() for frame in shown]) / own
                return float(np.var(light[part] / light[part].mean()))

            left = unsteady(made) / unsteady(list(uneven))
            kept = [detail(frame) / detail(ref) for frame, ref in zip(made, uneven, strict=True)]
            rows[f"{name}, {kind}"] = [f"{left:.3f}", f"{np.median(kept[settled]):.3f}"]
    columns = ["variance of the light that is left", "fine detail that is left"]
    return table(f"flicker of {FLICKER:.0%}, inertia {INERTIA}", columns, rows)


def detail(frame: np.ndarray) -> float:
    """How strong detail of a few pixels is, in parts of the light: 1 / that of the frame's mean."""
    fine = frame - cv2.GaussianBlur(frame, (0, 0), 2)
    return float(fine.std() / frame.mean())


# -- Continue ----------------------------------------------------------------------------------


def continued(clips: Mapping[str, np.ndarray], job: Job) -> tuple[list[str], Scores]:
    numbers: Scores = {}
    for clip in clips.values():
        frames = fraction(clip)
        known, between = frames[::2][:10], frames[1::2][:9]
        made = {
            "between: the frame before again": list(known[:-1]),
            "between: mean of the two": [
                (a + b) / 2 for a, b in zip(known, known[1:], strict=False)
            ],
            "**between: Frames between, both moved along their motion (DIS)**": blends(
                known, sequence.motion_paths.BETWEEN
            ),
        }
        for name, shown in made.items():
            numbers.setdefault(name, []).append(round(psnr(shown, between[: len(shown)]), 3))
        wanted = frames[2:12]
        made = {
            "after: the last frame again": list(frames[1:11]),
            "after: moved along its motion (DIS)": blends(frames[:11], sequence.motion_paths.AFTER),
            INVENTED: gone_through(
                sequence.continue_sequence, frames[:11], job, {"frames": 1}
            ).frames[1:],
        }
        for name, shown in made.items():
            numbers.setdefault(name, []).append(round(psnr(shown, wanted), 3))
    rows = {name: [f"{value:.2f}" for value in found] for name, found in numbers.items()}
    lines = table("PSNR of colours in dB", list(clips), rows)
    lines += ["Between: every other frame was taken away. After: one frame ahead.", ""]
    return lines, numbers


def blends(frames: Frames, when: float) -> list[np.ndarray]:
    """Two frames moved along their motion, without the network."""

    def blended(image: np.ndarray, before: Any) -> Outcome:
        if before is None:
            return image, {"frame": image}
        moved = sequence.motion_paths.moved(before["frame"], image, before["motion"], when)
        return moved.blend, {"frame": image}

    blended.carries = {"frame": sequence.api.Carried(3, stays=True)}  # type: ignore[attr-defined]
    return gone_through(blended, frames, None, {}).frames[1:]


def main() -> None:
    parser = cards.options(__doc__.splitlines()[0])
    parser.add_argument("--clips", type=Path, required=True, help="folder of folders of frames")
    parser.add_argument("--photos", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--parts", nargs="+", default=PARTS, choices=PARTS, help="what to measure")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    clips, job = read_clips(given.clips), Job(PLUGIN)
    lines, stated = list[str](), dict[str, str]()
    if "denoise" in given.parts:
        part, scores = denoising(clips, job)
        lines += [*part, *seconds(next(iter(clips.values())), job), PUBLISHED]
        stated["denoise_sequence"] = f"white noise of 25 levels, PSNR in dB: {scores[CLEANED]}"
    if "burst" in given.parts:
        lines += bursts(held_out(given.photos)[:PHOTOGRAPHS], job)
    if "light" in given.parts:
        lines += steadied(clips, job)
    if "continue" in given.parts:
        part, scores = continued(clips, job)
        lines += part
        stated["continue"] = f"one frame ahead, PSNR in dB: {scores[INVENTED]}"
    for name, metrics in stated.items():
        if given.state:
            state(PLUGIN / f"{name}.onnx", {"metrics": metrics})
    write_sums(PLUGIN)
    files = {name: {"sha256": sha256(PLUGIN / f"{name}.onnx")} for name in stated}
    cards.publish(lines, files, given.json)


if __name__ == "__main__":
    main()
