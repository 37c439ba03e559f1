"""Install the editor and each plugin below plugins/ from this checkout, editable, as make does.

For systems without make: ``python .ci/install.py`` into the Python that runs it. Words that follow
are pip's own.
"""

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]


def sources() -> list[str]:
    """The folders that pip installs from: the editor's and the plugins', by name."""
    plugins = sorted(path.parent for path in CHECKOUT.glob("plugins/*/pyproject.toml"))
    return [str(folder) for folder in (CHECKOUT, *plugins)]


if __name__ == "__main__":
    editable = [word for folder in sources() for word in ("-e", folder)]
    sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *editable, *sys.argv[1:]]))
