"""Modules of plugins and of the editor that need little else, for training and measuring."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]


def plugin_module(plugin: str, module: str) -> ModuleType:
    """`safelight_PLUGIN.MODULE`, without its package, which would import Safelight."""
    path = ROOT / "plugins" / plugin / f"safelight_{plugin}" / f"{module}.py"
    spec = importlib.util.spec_from_file_location(f"{plugin}_{module}", path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    spec.loader.exec_module(found)
    return found


def editor(module: str) -> ModuleType:
    """`safelight.MODULE` of this checkout: one that needs NumPy, pluggy and Pillow alone."""
    place = str(ROOT / "editor")
    if place not in sys.path:
        sys.path.append(place)
    return importlib.import_module(f"safelight.{module}")


def plugin_package(plugin: str, module: str) -> ModuleType:
    """`safelight_PLUGIN.MODULE` of this checkout; its package needs what training has."""
    editor("api")
    place = str(ROOT / "plugins" / plugin)
    if place not in sys.path:
        sys.path.append(place)
    return importlib.import_module(f"safelight_{plugin}.{module}")
