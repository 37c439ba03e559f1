"""Network project: what a plugin's project is made of whose author brings a network of any kind.

``safelight plugins new --network`` takes what ``safelight models add`` takes: the file is examined
in a confined process, and the project holds the module that ``models add`` would install.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safelight.actions.plugins.network_candidate import Candidate
from safelight.actions.plugins.network_plugin import Examined, Identity, card, module
from safelight.actions.plugins.plugin_store import Store
from safelight.actions.plugins.plugin_template import (
    TemplateError,
    Trained,
    plugin_names,
    plugin_title,
)
from safelight.actions.plugins.smallest_network import stated
from safelight.actions.plugins.template_texts import TRAINED

_FILE = "model.onnx"

_TESTS = '''\
"""What the filter does to a picture. `--safelight` adds what every filter promises."""

import pytest
from safelight import api
from safelight.api import testing

from $package import $name


@pytest.mark.parametrize("promise", ["input", "size", "finite", "deterministic"])
def test_it_keeps_its_promises(promise, job):
    testing.assert_kept(promise, $name, job=job($name))


def test_its_id_stays_what_saved_documents_hold():
    assert api.registered($name).declaration.id == "$package.$name"
'''

_ABOUT = """\
$summary

## The network

`$package/model.onnx` explains itself by its metadata properties, which were read from its graph,
found by running it, or said by whoever made this plugin. `$package/card.md` lists them and how each
is known.

## Parameters"""


def trained_network(
    store: Store,
    path: Path,
    name: str,
    title: str,
    given: Mapping[str, str],
    *,
    licence: str = "",
    training_data: str = "",
) -> Trained:
    """What a plugin called ``name`` has instead of the template's own, for the network at ``path``.

    ``given`` are decisions as for ``Candidate``; one that explains itself and takes a picture of
    its own size is taken as it is. ``licence`` and ``training_data`` are said where the file does
    not. Raises StoreError, TemplateError and OSError.
    """
    plain = path.read_bytes()
    if not given and not licence and not training_data:
        try:
            stated(plain)
        except ValueError:
            pass
        else:
            return Trained(plain)
    names, title = plugin_names(name), plugin_title(title)
    with Candidate(store, path, given=given) as candidate:
        examined = candidate.examine()
        identity = Identity.of(
            *(examined, names.function),
            title=title,
            licence=licence,
            training_data=training_data,
        )
        if identity.name != names.function:
            raise TemplateError(f"{name!r} is no name for a filter: take a shorter one")
        network = candidate.described(identity)
    return Trained(
        network,
        category=identity.category,
        summary=f"{title}: what a network makes of the picture.".replace("\\", "").replace(
            '"', "'"
        ),
        parts=TRAINED._replace(
            module=_escaped(module(examined, identity, _FILE)),
            tests=_TESTS,
            about=_ABOUT,
            parameters=_parameters(examined),
        ),
        beside={"card.md": card(examined, identity, network).encode()},
    )


def _parameters(examined: Examined) -> str:
    """What a README says of the parameters."""
    lines = [f"- a number for its input `{_escaped(key)}`" for key in examined.extras]
    if examined.found("guide"):
        lines.append("- the second picture; without one it is given the picture itself")
    if examined.found("mask"):
        lines.append("- none for its mask: that is what is selected")
    return "\n".join(lines or ["None."]) + "\n"


def _escaped(text: str) -> str:
    """A text in which the template finds nothing to fill in."""
    return text.replace("$", "$$")
