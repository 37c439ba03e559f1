"""Import turns: packages imported in many short steps instead of one long one.

A package's own file imports all that it lists, in one go. Here its files come first, one in each
step, and its own file last. Until that has run, it runs as soon as something of it is asked for.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any


def in_turns(packages: Sequence[str], modules: Sequence[str]) -> Iterator[None]:
    """Import packages with all their files, then modules; between two steps other code may run.

    ``packages`` stand in the order in which they need one another. What fails to be imported
    raises as ``import`` does.
    """
    begun = {name: _begin(name) for name in sorted(packages)}  # one that holds another comes first
    for name in packages:
        yield from _files_of(name, begun[name])
    for name in packages:
        _finish(begun[name])
        yield
    for name in modules:
        import_module(name)
        yield


class _Unfinished(ModuleType):
    """A package whose own file has not run: it runs for the first name that is missing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        _finish(self)
        return getattr(self, name)


def _begin(name: str) -> ModuleType:
    """A package of which files can be imported; its own file has not run where none has asked."""
    if name in sys.modules:
        return sys.modules[name]
    parent, _, own = name.rpartition(".")
    above = import_module(parent)
    spec = find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    package = module_from_spec(spec)
    package.__class__ = _Unfinished
    sys.modules[name] = package
    setattr(above, own, package)
    return package


def _files_of(name: str, package: ModuleType) -> Iterator[None]:
    for found in pkgutil.iter_modules(package.__path__, f"{name}."):
        if not found.ispkg and found.name not in sys.modules:
            import_module(found.name)
            yield


def _finish(package: ModuleType) -> None:
    """Run a package's own file, once."""
    if type(package) is not _Unfinished:
        return
    package.__class__ = ModuleType  # type: ignore[assignment]
    spec = package.__spec__
    assert spec is not None
    assert spec.loader is not None
    try:
        spec.loader.exec_module(package)
    except BaseException:
        sys.modules.pop(spec.name, None)
        raise
