"""Records of installed plugins, written without installing: for what only reads them."""

from safelight import api
from safelight.actions.plugins.plugin_store import Installed, Store


@api.filter("Stranger", category="Test")
def stranger(image: api.Image, gain: api.Fraction = 0.5, size: api.Pixels = 3) -> api.Image:
    """Does nothing."""
    return image


def record(store: Store, name: str, *, enabled: bool = True) -> Installed:
    """Put a plugin called ``name`` with ten filters into ``store``, whose code does not exist."""
    package = name.replace("-", "_")
    data = api.registered(stranger).declaration.to_json()
    filters = tuple(
        api.Declaration.from_json(
            data | {"id": f"{package}.f{number}", "plugin": name, "version": "1.0"}
        )
        for number in range(10)
    )
    folder = store.folder / name
    folder.mkdir(parents=True)
    plugin = Installed(name, "1.0", folder, enabled=enabled, filters=filters)
    store.write(plugin)
    return plugin
