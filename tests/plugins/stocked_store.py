"""Put plugins into a store as the installer would, without pip, which takes seconds."""

import shutil
import zipfile
from pathlib import Path

from safelight.actions.plugins.installation_offer import Offer
from safelight.actions.plugins.installer import Installer
from safelight.actions.plugins.network_facts import networks_in
from safelight.actions.plugins.plugin_store import Installed, Package, Store, canonical
from safelight.workers.confinement.sandbox import available


def stock(store: Store, wheel: Path, source: str = "") -> Installed:
    """Unpack a wheel, ask a confined worker what it offers, and give it its place."""
    name, version = wheel.name.split("-")[:2]
    with store.staging() as staging:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(staging / "lib")
        (staging / "wheels").mkdir()
        shutil.copyfile(wheel, staging / "wheels" / wheel.name)
        package = Package(name, version, wheel.stat().st_size, "0" * 64, "MIT")
        offer = Offer(
            name=canonical(name),
            version=version,
            source=source or str(wheel),
            summary="A test",
            packages=(package,),
            networks=tuple(networks_in(staging / "lib")),
            replaces="",
            protection=available(),
            staged=staging,
        )
        return Installer(store, offer.source).install(offer)
