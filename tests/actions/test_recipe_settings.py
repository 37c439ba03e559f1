"""Recipes that vary: facts, conditions, masks, rectangles in parts, what is left open."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

from safelight.actions import Studio
from safelight.actions.recipes import (
    FACTS,
    Picture,
    Recipe,
    RecipeError,
    check_recipe,
    play,
    read_recipe,
    ready_recipes,
    recorded,
)
from safelight.document import Document, EditError, History, Metadata, edits
from safelight.files import export, open_picture
from safelight.files.metadata.capture_metadata import Capture, with_capture
from safelight.pixels import Raster

SCHEMA = json.loads(Path("resources/recipe.schema.json").read_text("utf-8"))


def document(width=30, height=20):
    return Document.from_raster(Raster.from_array(np.full((height, width, 3), 90, np.uint8)))


def recipe(*steps, **more):
    text = json.dumps({"version": 2, "steps": steps, **more})
    jsonschema.validate(json.loads(text), SCHEMA)
    found = Recipe.from_json(text)
    assert Recipe.from_json(found.to_json()) == found
    return found


def done(found, made, picture=None):
    return play(found, History.start(made), None, picture=picture).document


def crop(value):
    return {"command": "crop", "settings": {"box": value}}


def test_a_rectangle_in_parts_is_the_same_part_of_every_picture():
    steps = recipe(crop({"parts": [0.5, 0.0, 0.5, 0.5]}))
    assert [
        (x.width, x.height) for x in (done(steps, document()), done(steps, document(40, 60)))
    ] == [
        (15, 10),
        (20, 30),
    ]


@pytest.mark.parametrize(("size", "made"), [((30, 20), (16, 20)), ((20, 30), (20, 25))])
def test_a_ratio_is_the_largest_such_rectangle_in_the_middle(size, made):
    found = done(recipe(crop({"parts": [0, 0, 1, 1], "ratio": [4, 5]})), document(*size))
    assert (found.width, found.height) == made


def test_a_number_and_a_text_are_made_of_what_is_known_of_the_picture():
    steps = recipe(
        {"command": "resize", "settings": {"width": {"of": "width", "times": 0.5, "plus": 1}}},
        {"command": "rename_layer", "settings": {"name": {"text": "{name} {width}x{height}"}}},
    )
    found = done(steps, document(), Picture("beach"))
    assert (found.width, found.layers[0].name) == (16, "beach 16x11")


def test_what_a_picture_does_not_tell_has_another_value_or_is_named():
    told = {"command": "set_opacity", "settings": {"opacity": {"of": "iso", "times": 0.001}}}
    with pytest.raises(EditError, match="step 1, set_opacity: opacity: .* does not tell its iso"):
        done(recipe(told), document())
    told["settings"]["opacity"]["else"] = 0.25
    assert done(recipe(told), document()).layers[0].opacity == 0.25


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        ({"orientation": "landscape"}, True),
        ({"orientation": ["portrait", "square"]}, False),
        ({"width": {"least": 30}}, True),
        ({"width": {"least": 10, "most": 29.5}}, False),
        ({"name": "BEA*"}, True),
        ({"camera": "*"}, False),  # nobody knows
        ({"width": 30, "height": 21}, False),
    ],
)
def test_a_step_is_done_when_its_condition_holds_and_unless_it_does(condition, fits):
    faded = {"command": "set_opacity", "settings": {"opacity": 0.5}}
    picture = Picture("Beach")
    asked = {name: recipe({**faded, name: condition}) for name in ("when", "unless")}
    left = {name: done(x, document(), picture).layers[0].opacity for name, x in asked.items()}
    assert left == ({"when": 0.5, "unless": 1.0} if fits else {"when": 1.0, "unless": 0.5})


def test_the_camera_says_what_it_is_once(tmp_path):
    shot = Capture(make="Canon", model="Canon EOS R5", iso=3200.0, aperture=2.8)
    held = with_capture(Metadata(), shot)
    export(replace(document(), metadata=held), tmp_path / "a.jpg")
    found = Picture.of(tmp_path / "a.jpg").facts(open_picture(tmp_path / "a.jpg").document)
    assert found["camera"] == "Canon EOS R5"
    assert (found["iso"], found["name"], found["orientation"]) == (3200, "a", "landscape")
    assert set(found) <= set(FACTS)


def test_a_mask_beside_the_recipe_is_stretched_over_every_picture(tmp_path):
    mask = np.zeros((10, 10), np.uint8)
    mask[:, 5:] = 255
    Image.fromarray(mask).save(tmp_path / "right.png")
    (tmp_path / "r.json").write_text(json.dumps({"version": 2, "steps": [{"select": "right.png"}]}))
    found = done(read_recipe(tmp_path / "r.json"), document()).selection.to_array()[..., 0]
    assert (found[:, :12] == 0).all()
    assert (found[:, 18:] == 255).all()
    (tmp_path / "right.png").unlink()
    with pytest.raises(RecipeError, match=r"Step 1, right\.png: there is no such file"):
        check_recipe(read_recipe(tmp_path / "r.json"), None)


def test_what_is_left_open_is_asked_and_has_a_usual_answer():
    found = recipe(
        {"command": "set_opacity", "settings": {"opacity": {"open": "strength"}}},
        open={"strength": {"title": "Strength", "default": 0.5}},
    )
    assert done(found, document()).layers[0].opacity == 0.5
    assert done(found.answered({"strength": 0.75}), document()).layers[0].opacity == 0.75
    with pytest.raises(RecipeError, match="does not ask for taste; it asks for strength"):
        found.answered({"taste": 1})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"version": 3, "steps": []}, "version 3; this Safelight knows 1 to 2"),
        ({"version": 2, "steps": [], "cost": 1}, "A recipe has no 'cost'"),
        ({"version": 2, "steps": [crop({"of": "wdth"})]}, "Step 1: box: there is no fact 'wdth'"),
        ({"version": 2, "steps": [crop({"parts": [0, 0, 0, 1]})]}, "above 0"),
        ({"version": 2, "steps": [crop({"open": "x"})]}, 'Step 1: "open" of the recipe has no'),
        ({"version": 2, "steps": [{**crop([]), "when": {"iso": {}}}]}, "when: iso is tested"),
        ({"version": 2, "steps": [{**crop([]), "above": "x"}]}, "a step has no 'above'"),
        ({"version": 2, "steps": [], "export": {"quality": 300}}, "export Quality is 1 to 100"),
        ({"version": 2, "steps": [], "export": {"pattern": "{nme}"}}, "has no {nme}"),
        ({"version": 2, "steps": [], "open": {"a": 1}}, "leaves open as 'a' is"),
    ],
)
def test_what_a_recipe_cannot_be_is_said_with_its_step_and_setting(data, said):
    with pytest.raises(RecipeError, match=said):
        Recipe.from_json(json.dumps(data))


def test_the_published_form_knows_every_fact():
    assert SCHEMA["$defs"]["fact"]["enum"] == list(FACTS)


def test_a_crop_is_saved_in_parts_when_that_is_asked_for_and_is_the_same_again():
    history = History.start(document(31, 23)).do(edits.crop(box=(3, 5, 17, 11)))
    found, lost = recorded(history, relative=True)
    assert not lost
    assert "parts" in json.loads(found.to_json())["steps"][0]["settings"]["box"]
    again = done(found, document(31, 23))
    assert (again.width, again.height) == (17, 11)


def test_ready_recipes_can_all_be_asked_for():
    ready = ready_recipes()
    assert len(ready) >= 10
    with Studio("cpu") as studio:
        for path in ready.values():
            jsonschema.validate(json.loads(path.read_text("utf-8")), SCHEMA)
            found = read_recipe(path)
            assert found.name
            assert found.description
            check_recipe(found.answered(), studio.filter)
