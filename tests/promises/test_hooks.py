"""Every hook is documented and tested."""

import re

from safelight.api import hooks
from tests.conftest import CHECKOUT

NAMES = [name for name, item in vars(hooks).items() if hasattr(item, "safelight_spec")]


def test_there_are_hooks():
    assert "filters" in NAMES


def test_every_hook_says_what_it_is_for():
    for name in NAMES:
        assert (getattr(hooks, name).__doc__ or "").strip(), name
        assert re.search(rf"def {name}\(", (CHECKOUT / "README.md").read_text("utf-8")), name


def test_every_hook_is_used_by_a_plugin_that_tests_run():
    sources = [path.read_text("utf-8") for path in (CHECKOUT / "plugins").glob("*/*/__init__.py")]
    for name in NAMES:
        used = re.compile(rf"@api\.hookimpl\s+def {name}\(")
        assert any(used.search(source) for source in sources), name
