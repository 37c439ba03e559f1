"""``safelight plugins``: the life of a plugin on the command line."""

import json

import pytest

from safelight.cli import main
from tests.plugins.plugin_projects import project, wheel


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run a command with a store of its own: status, output, complaints."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    def command(*words):
        try:
            status = main(["plugins", *map(str, words)])
        except SystemExit as stopped:  # as argparse ends a help, or a mistake
            status = stopped.code
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


@pytest.fixture
def plugin(tmp_path):
    return project(tmp_path, "safelight-dusk")


def names(run):
    return {
        item["name"]: item["enabled"] for item in json.loads(run("list", "--json")[1])["plugins"]
    }


def test_a_dry_run_and_a_refusal_add_nothing(run, plugin):
    status, out, _ = run("install", plugin, "--dry-run")
    assert status == 0
    assert "safelight-dusk 1.0" in out
    assert "sha256" in out
    status, _, err = run("install", plugin)  # nobody is there to say yes
    assert status == 1
    assert "--yes" in err
    assert names(run) == {}


def test_the_life_of_a_plugin(run, plugin, tmp_path, capsys):
    status, out, _ = run("install", plugin, "--yes", "--json")
    assert status == 0
    assert json.loads(out)["filters"][0]["id"] == "safelight_dusk.dusk"
    assert names(run) == {"safelight-dusk": True}
    assert main(["filters"]) == 0
    assert "\ndusk  (" in capsys.readouterr().out

    assert run("disable", "safelight-dusk")[0] == 0
    assert names(run) == {"safelight-dusk": False}
    assert main(["filters"]) == 0
    assert "\ndusk  (" not in capsys.readouterr().out
    assert "disabled" in run("list")[1]
    assert run("enable", "safelight-dusk")[0] == 0

    status, out, _ = run("update", "safelight-dusk", "--yes")
    assert status == 0
    assert "safelight-dusk 1.0 is the newest" in out
    text = (plugin / "pyproject.toml").read_text().replace('"1.0"', '"1.1"')
    (plugin / "pyproject.toml").write_text(text)
    status, out, _ = run("update", "--yes")
    assert status == 0
    assert "It replaces 1.0." in out
    assert "safelight-dusk 1.1" in run("list")[1]
    assert "safelight-dusk 1.0" in run("undo", "safelight-dusk")[1]

    target = tmp_path / "dusk.safelight-plugin"
    assert run("bundle", "safelight-dusk", target)[0] == 0
    assert run("bundle", "safelight-dusk", target)[0] == 1  # it is there
    assert run("uninstall", "safelight-dusk")[0] == 0
    assert names(run) == {}
    assert run("install", target, "--yes")[0] == 0
    assert names(run) == {"safelight-dusk": True}


def test_a_failure_is_one_line_and_status_one(run):
    for words in (("install", "no-such-plugin"), ("uninstall", "nobody"), ("undo", "nobody")):
        status, out, err = run(*words)
        assert status == 1
        assert err.startswith("safelight: ")
        assert err.count("\n") == 1


def test_the_help_has_a_line_for_each_command(run):
    status, out, _ = run("--help")
    assert status == 0
    for name in ("list", "install", "uninstall", "enable", "disable", "update", "new", "check"):
        assert f"\n  {name} " in out


def test_an_update_that_may_do_more_is_not_taken_unasked(run, plugin, tmp_path):
    assert run("install", plugin, "--yes")[0] == 0
    compiled = wheel(
        tmp_path / "newer", "safelight-dusk", version="2.0", files={"safelight_dusk/fast.so": b"0"}
    )
    status, out, err = run("install", compiled, "--yes")
    assert status == 1
    assert "It sees the pictures on which you use what it offers." in out
    assert "may do more than 1.0 might: It runs compiled code, which cannot be read." in err
    assert run("install", compiled, "--yes", "--more")[0] == 0


def test_a_signed_bundle_is_found_in_an_index_and_another_key_is_not_taken_unasked(
    run, plugin, tmp_path
):
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    bundle = shelf / "dusk-1.0.safelight-plugin"
    assert run("install", plugin, "--yes")[0] == 0
    assert run("bundle", "safelight-dusk", bundle)[0] == 0
    assert run("uninstall", "safelight-dusk")[0] == 0
    status, out, _ = run("sign", bundle, "--key", tmp_path / "mine", "--json")
    key = json.loads(out)["key"]
    assert status == 0
    assert run("index", shelf)[0] == 0
    (found,) = json.loads(run("search", shelf, "dusk", "--json")[1])["plugins"]
    assert found["key"] == key
    assert json.loads(run("search", shelf, "dawn", "--json")[1])["plugins"] == []
    assert run("install", found["source"], "--yes")[0] == 0

    assert run("sign", bundle, "--key", tmp_path / "other", "--overwrite")[0] == 0
    assert run("index", shelf)[0] == 0
    status, _, err = run("install", found["source"], "--yes")
    assert status == 1
    assert "somebody else may have made it" in err
    assert run("install", found["source"], "--yes", "--new-key")[0] == 0
