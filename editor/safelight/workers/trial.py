"""Trial: a filter is tried out in this process, to see whether it keeps its promises."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from safelight import api
from safelight.api import promises
from safelight.workers.inference import Contract, Inference


class LocalJob(api.Job):
    """Runs the networks beside a filter's module. ``fractions`` is the progress it was told."""

    def __init__(self, filter: Callable[..., Any], inference: Inference) -> None:
        source = sys.modules[filter.__module__].__file__
        self._folder = Path(source or "").parent
        self._inference = inference
        self.fractions: list[float] = []

    def run(self, model: str, image: api.Image, **inputs: Any) -> api.Image:
        return self._inference.run(self._folder / model, image, inputs, "cpu")

    def progress(self, fraction: float) -> None:
        self.fractions.append(fraction)

    def check(self) -> None:
        pass

    def contract(self, model: str) -> Contract:
        """What that network's file says of itself: its reach, its multiple, its scale."""
        return self._inference.contract(self._folder / model)


def offered(module: ModuleType, name: str) -> list[Callable[..., Any]]:
    """The filters that a plugin's module offers. Raises what ``hooks_of`` and the plugin do."""
    return gathered(hooks_of(module, name).filters())


def hooks_of(module: ModuleType, name: str) -> pluggy.HookRelay:
    """The hooks of a plugin's module, to be called; ``name`` is what a complaint calls it.

    Raises pluggy's PluginValidationError for a misspelt hook.
    """
    hooks = pluggy.PluginManager(api.PROJECT)
    hooks.add_hookspecs(sys.modules["safelight.api.hooks"])
    hooks.register(module, name)
    hooks.check_pending()  # a hook that is misspelt would do nothing, for ever
    return hooks.hook


def gathered(answers: Iterable[Iterable[Callable[..., Any]]]) -> list[Callable[..., Any]]:
    """What all implementations of a hook gave."""
    return [function for functions in answers for function in functions]


def complaint(promise: str, filter: Callable[..., Any], inference: Inference) -> str:
    """What is wrong, in a sentence, when a filter does not keep a promise; "" when it does.

    It is tried with its defaults and with each parameter at its ends, one at a time.
    """
    job = LocalJob(filter, inference)
    declaration = api.registered(filter).declaration
    usual = declaration.settings()
    for settings in promises.settings_to_try(declaration):
        bound = promises.Bound(filter, job, settings)
        try:
            promises.PROMISES[promise].check(bound)
        except promises.Broken as fault:
            text = promises.sentence(bound, fault)
        except Exception as error:
            text = f"{declaration.name} fails: {type(error).__name__}: {error}"
        else:
            continue
        changed = [f"{key}={value}" for key, value in settings.items() if value != usual[key]]
        return f"{text} (with {', '.join(changed)})" if changed else text
    return ""
