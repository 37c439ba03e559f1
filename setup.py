"""Build: what ``pyproject.toml`` cannot say. Samples, paintings and recipes, which lie beside the
package in a checkout, are within it in a wheel; ``safelight.folders`` looks in both places.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

RESOURCES = ("samples", "styles", "recipes", "autoencoder")


class BuildWithResources(build_py):
    """Copies modules, and the resources unless the package is used where it lies."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for name in RESOURCES:
                target = Path(self.build_lib) / "safelight" / "resources" / name
                shutil.copytree(Path("resources") / name, target, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithResources})
