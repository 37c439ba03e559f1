"""Batch ending: one recipe over many photographs, killed and resumed, and on two Dask workers.

    .venv/bin/python .ci/batch_ending.py PHOTOGRAPHS FOLDER --count 500

The photographs are copies of those in PHOTOGRAPHS at several sizes and damages. The recipe takes
noise out, spreads the tones by what it measures and exports for the web. Every way has to write the
same bytes, and so has the window where its batch wrote into FOLDER/window; a table tells what each
took. ``--ways`` runs some of the ways, ``--ways`` with nothing behind it compares what is there.
The exit status is 0 where all files are equal.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

RECIPE = {
    "version": 2,
    "name": "Ending",
    "steps": [
        {"filter": "safelight_clean.denoise", "settings": {}},
        {"filter": "safelight_adjust.auto_light", "settings": {}},
    ],
    "export": {
        "format": "JPEG",
        "settings": {"quality": 85.0},
        "profile": "sRGB",
        "resize": "longest",
        "size": 2048,
        "sharpen": "screen",
        "metadata": "without location",
    },
}

SIDES = (320, 512, 800, 1200)
"""Pixels of the longer side; no copy is larger than its photograph."""

ENDINGS = (".jpg", ".jpeg", ".png")

KILLS = 3

WINDOW = "window"
"""The folder into which the batch of the window is asked to write: its files are compared too."""


def copies(photographs: Path, folder: Path, count: int) -> None:
    """Write ``count`` damaged copies, the same ones each time."""
    sources = sorted(path for path in photographs.rglob("*") if path.suffix.lower() in ENDINGS)
    folder.mkdir(parents=True, exist_ok=True)
    numbers = np.random.default_rng(26)
    for number in range(count):
        with Image.open(sources[number % len(sources)]) as opened:
            image = opened.convert("RGB")
        image.thumbnail((SIDES[number // 16 % len(SIDES)],) * 2)
        damage = number % 4
        if damage == 1:
            noise = numbers.normal(0, numbers.uniform(4, 25), (image.height, image.width, 3))
            noisy = np.asarray(image) + noise
            image = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
        elif damage == 2:
            image = image.filter(ImageFilter.GaussianBlur(numbers.uniform(0.5, 2)))
        elif damage == 3:
            image = image.point(lambda value: round(40 + 0.6 * value))
        quality = (95, 90, 80, 30)[number // 4 % 4]
        image.save(folder / f"{number:04}.jpg", quality=quality)


def words(recipe: Path, source: Path, out: Path, *more: str) -> list[str]:
    """A command line of the batch."""
    start = [sys.executable, "-m", "safelight", "run", str(recipe), str(source)]
    return [*start, "--output-dir", str(out), "--quiet", *more]


def killed(command: list[str], out: Path, count: int) -> None:
    """Run it, kill it ``KILLS`` times when a further part of the files is there, and resume it."""
    for kill in range(1, KILLS + 1):
        with subprocess.Popen(command, start_new_session=True) as process:
            while process.poll() is None and len(list(out.glob("*.jpg"))) < (
                kill * count // (KILLS + 1)
            ):
                time.sleep(0.05)
            if process.poll() is not None:
                raise SystemExit("the batch had ended before it was to be killed")
            os.killpg(process.pid, signal.SIGKILL)
        print(f"  killed with {len(list(out.glob('*.jpg')))} files there", flush=True)
    subprocess.run(command, check=True)


def on_workers(command: list[str], count: int, logs: Path) -> None:
    """Run it on a scheduler of this machine with ``count`` workers of one thread."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    dask = [sys.executable, "-m", "dask"]
    quiet = ["--no-dashboard", "--host", "127.0.0.1"]
    started = []
    with logs.open("w") as log:
        try:
            for more in (
                ["scheduler", "--port", str(port)],
                *([["worker", address, "--nthreads", "1", "--no-nanny"]] * count),
            ):
                started.append(subprocess.Popen([*dask, *more, *quiet], stdout=log, stderr=log))
            deadline = time.monotonic() + 120
            while logs.read_text().count("Register worker") < count:
                if time.monotonic() > deadline:
                    raise SystemExit(f"no workers: see {logs}")
                time.sleep(0.2)
            subprocess.run([*command, "--cluster", address], check=True)
        finally:
            for process in started:
                process.terminate()
                process.wait(30)


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file."""
    return {x.name: hashlib.sha256(x.read_bytes()).hexdigest() for x in sorted(folder.iterdir())}


def main() -> int:
    """Make the copies, do the recipe in each way, compare, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("folder", type=Path, help="an empty folder for all that is written")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--ways", nargs="*", help="some ways alone: their folders' names")
    given = parser.parse_args()
    folder, count = given.folder.absolute(), given.count
    if not (folder / "in").exists():
        copies(given.photographs, folder / "in", count)
    recipe = folder / "recipe.json"
    recipe.write_text(json.dumps(RECIPE))
    os.environ["XDG_STATE_HOME"] = str(folder / "state")

    def command(name: str, *more: str) -> list[str]:
        return words(recipe, folder / "in", folder / name, *more)

    ways = {
        "plain": ("at once", lambda: subprocess.run(command("plain"), check=True)),
        "killed": (
            f"killed {KILLS} times and resumed",
            lambda: killed(command("killed", "--resume"), folder / "killed", count),
        ),
        "one": ("one Dask worker", lambda: on_workers(command("one"), 1, folder / "one.log")),
        "two": ("two Dask workers", lambda: on_workers(command("two"), 2, folder / "two.log")),
    }
    print(f"{count} photographs", flush=True)
    for name in given.ways if given.ways is not None else ways:
        title, way = ways[name]
        (folder / name).mkdir(exist_ok=True)
        began = time.monotonic()
        way()
        seconds = time.monotonic() - began
        print(f"| {title} | {seconds:.0f} s | {seconds / count:.2f} s each |", flush=True)
    results = [digests(folder / name) for name in (*ways, WINDOW) if (folder / name).exists()]
    equal = all(one == results[0] for one in results)
    whole = all(len(one) == count for one in results)
    print(f"{len(results)} ways: ", end="")
    print("all files are equal" if equal and whole else "FILES DIFFER OR ARE MISSING")
    return 0 if equal and whole else 1


if __name__ == "__main__":
    sys.exit(main())
