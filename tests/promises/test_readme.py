"""The README keeps its word: its plugin is the one that ships, its commands exist."""

import re
import runpy
import shlex

import pytest

from safelight.cli.main import understood
from safelight.workers.confinement.sandbox import Protection
from tests.conftest import CHECKOUT

README = (CHECKOUT / "README.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_smallest_plugin_shown_is_the_one_that_ships():
    shipped = (CHECKOUT / "plugins/warmth/safelight_warmth/__init__.py").read_text("utf-8")
    assert shipped.strip() in [block.strip() for block in blocks("python")]


def test_its_pictures_are_there():
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)
    assert pictures
    for picture in pictures:
        assert (CHECKOUT / picture).is_file(), picture


def test_its_links_lead_somewhere():
    for link in re.findall(r"(?<!!)\[[^\]]*\]\(([^)#]+)\)", README):
        if "://" not in link:
            assert (CHECKOUT / link).exists(), link


def test_every_make_target_it_names_exists():
    makefile = (CHECKOUT / "Makefile").read_text("utf-8")
    named = set(re.findall(r"`make ([a-z]+)`", README)) | set(re.findall(r"^make ([a-z]+)", README))
    assert named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_plugins_and_models_it_lists_are_those_that_there_are():
    lists = re.search(
        r"\nplugins/NAME/.*?:\n(.*?)\nmodels/NAME/.*?:\n(.*?)\ntests/", README, re.DOTALL
    )
    plugins, rest = lists[1].split(";")
    listed = {name.strip() for name in plugins.split(",")} | {rest.split()[0]}
    assert listed == {path.parent.name for path in CHECKOUT.glob("plugins/*/pyproject.toml")}
    models = {name.strip() for name in lists[2].split(",")}
    assert models == {path.parent.name for path in CHECKOUT.glob("models/*/__init__.py")}


def test_what_is_said_of_security_is_what_the_editor_says():
    said = (CHECKOUT / "SECURITY.md").read_text("utf-8")
    for files, network in ((True, True), (False, True), (False, False)):
        sentence = Protection(files, network, "…").sentence()
        assert f'"{sentence.replace("….", "…")}"' in said


def test_what_it_has_installed_without_make_is_the_editor_and_every_plugin():
    assert "python .ci/install.py\n" in README
    found = runpy.run_path(str(CHECKOUT / ".ci/install.py"))["sources"]()
    shipped = sorted(path.name for path in (CHECKOUT / "plugins").iterdir() if path.is_dir())
    assert found == [str(CHECKOUT), *(str(CHECKOUT / "plugins" / name) for name in shipped)]


@pytest.mark.parametrize(
    "line",
    [
        line
        for block in blocks("sh")
        for line in block.splitlines()
        if line.startswith("safelight ")
    ],
)
def test_every_command_it_shows_is_understood(line):
    words = shlex.split(line, comments=True)[1:]
    run, options = understood(words)
    assert callable(run)
    for path in getattr(options, "photos", ()):  # what is no command is a photograph's name
        assert path.suffix in (".jpg", ".png")


def test_every_folder_of_the_package_is_a_level_it_shows():
    package = CHECKOUT / "editor/safelight"
    folders = {path.parent.name for path in package.glob("*/__init__.py")}
    for folder in folders:
        assert re.search(rf"^\s*{folder}/ ", README, re.MULTILINE), folder
