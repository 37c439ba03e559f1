"""Plugins made for another Safelight, or that cannot be loaded: a line, and the others work."""

import pytest

from safelight import __version__
from safelight.workers.catalog import Catalog
from safelight.workers.far.compatibility import OtherEdition, check_edition
from safelight.workers.worker_pool import Pool

NEWER = "update the editor"
OLDER = "ask for a new version of it"


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["numpy>=9"],
        ["safelight"],
        ["safelight>=0.1,<1"],
        ["Safelight ==0.1.*"],
        ["safelight~=0.1"],
        ["safelight>=9; python_version < '3'"],
        ["safelight>=9; extra == 'future'"],
        ["safelight-extras>=9"],
        ["no requirement at all >=<", "safelight"],
    ],
    ids=str,
)
def test_a_plugin_for_this_edition_is_let_in(lines):
    check_edition(lines, "0.1.0")


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("safelight>=9", NEWER),
        ("safelight>9,<10", NEWER),
        ("safelight==2.*", NEWER),
        ("safelight~=1.4", NEWER),
        ("safelight>=0.1.1; python_version > '3'", NEWER),
        ("safelight<0.1", OLDER),
        ("safelight>=0.0.1,<0.0.9", OLDER),
        ("safelight==0.0.*", OLDER),
        ("safelight!=0.1.0", OLDER),
        ("safelight===0.1.0.local", OLDER),
    ],
)
def test_one_for_another_edition_says_what_to_do(line, advice):
    with pytest.raises(OtherEdition, match=r"and this is 0\.1\.0: ") as caught:
        check_edition(["numpy", line], "0.1.0")
    assert advice in str(caught.value)


def test_a_pre_release_counts_as_what_it_leads_to():
    check_edition(["safelight>=0.2.0rc1"], "0.2.0rc2")


def add(folder, name, source, requires=""):
    """A plugin of one module, as an installer would leave it."""
    (folder / f"{name}.py").write_text(source, "utf-8")
    record = folder / f"{name}-1.0.dist-info"
    record.mkdir()
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    (record / "METADATA").write_text(text + f"Requires-Dist: {requires}\n" * bool(requires))
    (record / "entry_points.txt").write_text(f"[safelight]\n{name} = {name}\n")


FILTER = """
from safelight import api

@api.filter("Fine", category="Test")
def fine(image: api.Image) -> api.Image:
    return image

"""

BROKEN = {
    "future": ("safelight>=9", "raise SystemError('imported')", f"this is {__version__}: update"),
    "past": ("safelight<0.1", "raise SystemError('imported')", "ask for a new version"),
    "misspelt": ("", FILTER + "@api.hookimpl\ndef importer(): return []\n", "unknown hook"),
    "leaves": ("", "raise SystemExit(3)", "SystemExit: 3"),
    "interrupts": ("", "raise KeyboardInterrupt", "KeyboardInterrupt"),
    "leaves_later": (
        "",
        "from safelight import api\n@api.hookimpl\ndef exporters(): raise SystemExit\n",
        "SystemExit",
    ),
    "half": (
        "",
        FILTER + "@api.hookimpl\ndef filters(): return [fine, print]\n",
        "print is not decorated with @api.filter",
    ),
    "mixed": (
        "",
        FILTER + "@api.hookimpl\ndef importers(): return [fine]\n",
        "fine is not decorated with @api.importer",
    ),
    "twins": (
        "",
        FILTER + "@api.hookimpl\ndef filters(): return [fine, fine]\n",
        "there are two things called twins.fine",
    ),
}


def test_each_is_a_line_of_its_own_and_takes_no_other_along(tmp_path):
    for name, (requires, source, _) in BROKEN.items():
        add(tmp_path, name, source, requires)
    add(tmp_path, "well", FILTER + "@api.hookimpl\ndef filters(): return [fine]\n", "safelight<1")
    pool = Pool(plugin_folders=[tmp_path])
    try:
        catalog = Catalog(pool, str, lambda text: None)
        ids = {item.id for item in catalog.filters()}
        reasons = {item.plugin: item.reason for item in catalog.broken}
    finally:
        pool.close()
    assert {"well.fine", "safelight_enlarge.enlarge"} <= ids
    assert not {identity.split(".")[0] for identity in ids} & set(BROKEN)
    assert set(reasons) == set(BROKEN)
    for name, (*_, expected) in BROKEN.items():
        assert expected in reasons[name], name
        assert "imported" not in reasons[name]
