"""Devices: where networks run, and what a window calls them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


class DeviceError(Exception):
    """The device that was asked for cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Device:
    """Where networks run: ``name`` is "cuda" or "cpu"; ``reason`` says why not the better one."""

    name: str
    label: str
    reason: str = ""


def has_nvidia_device() -> bool:
    """Whether Linux, or Windows' Linux, shows a device of NVIDIA's."""
    return any(Path(name).exists() for name in ("/dev/nvidiactl", "/dev/dxg"))


def cpu_label() -> str:
    """What the CPU is called in a window: with the number of cores that this process may use."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"CPU · {count} core{'' if count == 1 else 's'}"


def cuda_label() -> str:
    """What the first GPU of NVIDIA's is called in a window."""
    for file in Path("/proc/driver/nvidia/gpus").glob("*/information"):
        for line in file.read_text(errors="replace").splitlines():
            if line.startswith("Model:"):
                return f"CUDA · {line.split(':', 1)[1].strip()}"
    return "CUDA"
