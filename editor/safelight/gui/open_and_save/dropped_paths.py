"""Dropped paths: what a path leads to that is dropped, or named at the window's start."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

_PLUGINS = (".whl", ".zip", ".safelight-plugin")


def kind_of(path: Path) -> Literal["photograph", "plugin", "network", "folder"]:
    """Which of these it looks like; what looks like nothing is to be opened as a photograph."""
    if path.suffix.lower() == ".onnx":
        return "network"
    if path.suffix.lower() in _PLUGINS or (path / "pyproject.toml").is_file():
        return "plugin"
    return "folder" if path.is_dir() else "photograph"
