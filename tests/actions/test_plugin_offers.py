"""Offers: what is installed is one value, made when the plugin store changes and not by asking."""

import dataclasses

import numpy as np
import pytest

from safelight import actions
from safelight.actions.plugin_offers import CATEGORIES, Offers, Strangers
from safelight.actions.plugins.plugin_store import Store
from safelight.api import Declaration
from safelight.document import Document, Layer, LiveFilter, Renderer, edits
from safelight.pixels import Raster
from safelight.workers.job_kinds import live_filter
from tests.plugins.records import record
from tests.plugins.store_watch import watched

PLUGINS, LAYERS = 50, 4


@pytest.fixture
def store(tmp_path):
    """A store with two plugins."""
    store = Store(tmp_path / "store")
    for name in ("safelight-one", "safelight-two"):
        record(store, name)
    return store


@pytest.fixture
def studio(store):
    """A studio that has been asked for what there is."""
    with actions.Studio("cpu", store=store) as studio:
        studio.offers()
        yield studio


@pytest.fixture
def heard(studio):
    """What the studio has told of what is installed since it was made."""
    heard = []
    studio.hear_offers(heard.append)
    return heard


def grey():
    return Document.from_raster(Raster.from_array(np.full((20, 30, 3), 128, np.uint8)))


def staged(store, staging, name, version):
    """Put a prepared plugin into ``staging``, as the installer does; its folder."""
    plugin = record(Store(staging), name)
    store.write(dataclasses.replace(plugin, version=version))
    return plugin.folder


def test_frames_of_four_live_layers_look_into_no_store_of_fifty_plugins(tmp_path, monkeypatch):
    store = Store(tmp_path / "store")
    for number in range(PLUGINS):
        record(store, f"safelight-p{number:02}")
    with actions.Studio("cpu", store=store) as studio:
        layered = grey()
        warm = live_filter(studio.filter("warmth"), {"amount": 0.1})
        stranger = live_filter(studio.filter("safelight_p07.f3"), {})
        filters = (LiveFilter("nowhere.gone"), stranger, *[warm] * LAYERS)
        for number, filter in enumerate(filters):
            layered = edits.add_layer(Layer("A", filter, id=f"{number}")).apply(layered)
        renderer, top = Renderer(studio.live, lenient=True), f"{len(filters) - 1}"
        with watched(store, monkeypatch) as looks:
            for number in range(3):
                settings = {"amount": number / 4}
                changed = edits.set_filter(top, settings=settings).apply(layered)
                drawn = renderer.render(changed, changed.region)
                assert drawn[0, 0, 0] > 128
                assert studio.filter("warmth").id == warm.id
                assert studio.importers() == studio.importers()
            assert looks == []
            store.installed()
            assert len(looks) > PLUGINS, "whoever looks into the store is counted"


def test_what_is_installed_is_the_same_value_until_something_changes(studio, store):
    offers = studio.offers()
    assert studio.offers() is offers
    with pytest.raises(dataclasses.FrozenInstanceError):
        offers.filters = ()
    with pytest.raises(TypeError):
        offers.by_id["more"] = offers.filters[0]
    record(store, "safelight-three")
    assert "safelight_three.f0" in studio.offers().by_id
    store.uninstall("safelight-one")
    assert {item.plugin for item in studio.offers().filters} >= {"safelight-two"}
    assert "safelight_one.f0" not in studio.offers().by_id
    assert "safelight_one.f0" in offers.by_id


def test_two_values_of_the_same_content_are_equal(studio, store):
    offers = studio.offers()
    again = Offers.of(offers.built_in, (), Strangers.of(Store(store.folder.parent)))
    assert again is not offers
    assert again == offers
    with actions.Studio("cpu", store=Store(store.folder.parent)) as other:
        assert other.offers() == offers


@pytest.mark.parametrize(
    "change",
    [
        lambda store: record(store, "safelight-three"),
        lambda store: store.set_enabled("safelight-one", False),
        lambda store: store.uninstall("safelight-one"),
    ],
    ids=["install", "switch off", "remove"],
)
def test_a_change_makes_one_new_value_and_is_told_once(change, studio, store, heard):
    before = studio.offers()
    change(store)
    (now,) = heard
    assert now is studio.offers()
    assert now != before


def test_an_update_and_going_back_are_told_once_each(studio, store, heard, tmp_path):
    before = studio.offers()
    with store.staging() as staging:
        store.place(staged(store, staging, "safelight-one", "2.0"), "safelight-one")
    (updated,) = heard
    assert [item.version for item in updated.strangers.plugins] == ["2.0", "1.0"]
    assert updated.strangers.earlier == {"safelight-one": "1.0"}
    store.undo("safelight-one")
    _, back = heard
    assert back.filters == before.filters
    assert back.strangers.earlier == {"safelight-one": "2.0"}


def test_what_is_written_into_a_staging_folder_is_told_to_nobody(studio, store, heard):
    with store.staging() as staging:
        staged(store, staging, "safelight-three", "1.0")
    assert heard == []


def test_who_hears_of_a_change_finds_nothing_of_before(studio, store):
    warm = live_filter(studio.filter("warmth"), {"amount": 0.5})
    gone = LiveFilter("safelight_one.f0", plugin="safelight-one")
    assert studio.live.failure(gone) == ""
    found = []
    studio.hear_offers(lambda offers: found.append(studio.live.failure(gone)))
    studio.live._tables["a", ()] = ()
    store.uninstall("safelight-one")
    assert found == ["safelight_one.f0 is not installed; install safelight-one"]
    assert not studio.live._tables, "tables of code that is gone are kept"
    assert studio.live.reach(warm, 0) == 0


def test_whoever_has_stopped_listening_hears_nothing(studio, store):
    heard = []
    studio.hear_offers(heard.append)()
    record(store, "safelight-three")
    assert heard == []


def test_a_closed_studio_looks_into_the_store_no_more(store, monkeypatch):
    with actions.Studio("cpu", store=store) as studio:
        studio.offers()
    with watched(store, monkeypatch) as looks:
        store.changed()
    assert looks == []


def test_what_another_program_has_installed_is_known_after_another_look(studio, store, heard):
    record(Store(store.folder.parent), "safelight-three")
    assert heard == []
    studio.look_again()
    assert studio.filter("safelight_three.f0").plugin == "safelight-three"
    studio.look_again()
    assert len(heard) == 1


def test_what_cannot_be_loaded_is_part_of_the_value(studio, store, heard):
    (record(store, "safelight-bad").folder / "plugin.json").write_text("{")
    studio.look_again()
    assert [item.plugin for item in heard[-1].broken] == ["safelight-bad"]
    assert "its record cannot be read" in heard[-1].broken[0].reason
    store.set_enabled("safelight-one", False)
    assert [item.enabled for item in studio.offers().strangers.plugins] == [True, False, True]


def test_safe_mode_leaves_out_what_could_run_and_still_tells_what_lies_there(store):
    with actions.Studio("cpu", store=store, safe=True) as studio:
        offers = studio.offers()
        assert {item.plugin for item in offers.filters}.isdisjoint({"safelight-one"})
        assert len(offers.strangers.plugins) == 2


def test_categories_come_in_the_order_of_the_work_and_filters_in_their_plugins_order(studio):
    filters = studio.offers().filters
    categories = list(dict.fromkeys(item.category for item in filters))
    assert len(categories) == len({item.category for item in filters})
    known = [category for category in categories if category in CATEGORIES]
    assert known == sorted(known, key=CATEGORIES.index)
    assert known[0] == "Light"
    light = [x.name for x in filters if x.category == "Light" and x.plugin == "safelight-adjust"]
    assert light[:3] == ["auto_light", "light", "exposure"]
    assert light[3:6] == ["brightness_contrast", "levels", "curves"]
    others = Offers.of(
        [Declaration(f"a.{x}", x, x, "") for x in ("Zoo", "Art", "Light")], (), Strangers()
    )
    assert [item.category for item in others.filters] == ["Light", "Art", "Zoo"]
