"""Installation offer: what installing a plugin would add, shown before it happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safelight.actions.plugins.declared_files import DeclaredFile
from safelight.actions.plugins.plugin_store import Network, Package
from safelight.workers.confinement.sandbox import Protection


@dataclass(frozen=True, slots=True)
class Offer:
    """What installing would add, shown before it happens. ``staged`` is where it waits."""

    name: str
    version: str
    source: str
    summary: str
    packages: tuple[Package, ...]
    networks: tuple[Network, ...]
    replaces: str
    protection: Protection
    staged: Path = field(repr=False)
    key: str = ""
    """The public key by which the plugin is signed; "" = by none."""
    question: str = ""
    """What must be asked because the key is another one; "" = nothing."""
    changes: str = ""
    """What the plugin's author says has changed."""
    files: tuple[DeclaredFile, ...] = ()
    """Networks that do not lie in the plugin's code: fetched with the yes, unless a bundle carries
    them.
    """
    carried: tuple[str, ...] = ()
    """Names of the ``files`` that the plugin's bundle carries."""
    permissions: tuple[str, ...] = ()
    """What the plugin may do, as sentences."""
    grown: tuple[str, ...] = ()
    """The permissions that the version before had not: the user is asked for these."""

    def more(self) -> str:
        """What the plugin asks for beyond the version before, as sentences; "" = nothing."""
        if not self.grown:
            return ""
        return f"It may do more than {self.replaces} might: {' '.join(self.grown)}"

    @property
    def fetched(self) -> tuple[DeclaredFile, ...]:
        """The files that are fetched with the yes."""
        return tuple(item for item in self.files if item.name not in self.carried)

    @property
    def size(self) -> int:
        """Bytes of all wheels."""
        return sum(item.size for item in self.packages)

    @property
    def unpacked(self) -> int:
        """Bytes that they take on the disk."""
        return sum(item.unpacked for item in self.packages)

    def to_json(self) -> dict[str, Any]:
        """The offer as plain data, fit for JSON."""
        from dataclasses import asdict

        return {
            "name": self.name,
            "version": self.version,
            "source": self.source,
            "summary": self.summary,
            "replaces": self.replaces,
            "size": self.size,
            "unpacked": self.unpacked,
            "packages": [asdict(item) for item in self.packages],
            "networks": [asdict(item) for item in self.networks],
            "protection": self.protection.sentence(),
            "key": self.key,
            "question": self.question,
            "changes": self.changes,
            "permissions": list(self.permissions),
            "grown": list(self.grown),
            "files": [asdict(item) for item in self.files],
            "carried": list(self.carried),
        }
