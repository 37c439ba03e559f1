"""Compatibility: whether a plugin was made for this Safelight, as its metadata say."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from safelight import __version__
from safelight.api import PROJECT


class OtherEdition(Exception):
    """The plugin was made for another Safelight; the message says what to do."""


def check_edition(requires: Iterable[str], version: str = __version__) -> None:
    """Raise OtherEdition where a ``Requires-Dist`` line names Safelight and ``version`` is not it.

    Pre-releases of the editor count as what they lead to. A line that is none is not ours to judge.
    """
    here = Version(version)
    for line in requires:
        try:
            wanted = Requirement(line)
        except InvalidRequirement:
            continue
        if canonicalize_name(wanted.name) != PROJECT or not _applies(wanted):
            continue
        if not wanted.specifier.contains(here, prereleases=True):
            raise OtherEdition(_advice(wanted.specifier, here))


def _applies(wanted: Requirement) -> bool:
    return wanted.marker is None or wanted.marker.evaluate({"extra": ""})


def _advice(wanted: SpecifierSet, here: Version) -> str:
    unmet = [item for item in wanted if not item.contains(here, prereleases=True)]
    if any(_is_later(item, here) for item in unmet):
        return f"it needs Safelight {wanted}, and this is {here}: update the editor"
    return f"it was made for Safelight {wanted}, and this is {here}: ask for a new version of it"


def _is_later(clause: Specifier, here: Version) -> bool:
    try:
        return Version(clause.version.removesuffix(".*")) > here
    except InvalidVersion:  # ``===`` compares text
        return False
