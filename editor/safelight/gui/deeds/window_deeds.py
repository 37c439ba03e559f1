"""Window deeds: the lines of what only the window can do, menu by menu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from safelight.gui import about
from safelight.gui.batch import save_and_run_recipes
from safelight.gui.batch.open_batch_window import open_batch
from safelight.gui.command_search import search
from safelight.gui.deed_context import DeedContext
from safelight.gui.deeds.deed import Deed
from safelight.gui.export import export_photograph
from safelight.gui.frames import open_and_export_frames
from safelight.gui.fullscreen import FullScreen
from safelight.gui.inspect import inspect_layer, verify_layer
from safelight.gui.open_and_save import (
    develop_raw,
    exchange_pictures,
    save_looks,
    save_projects,
    selection_files,
)
from safelight.gui.prints import print_photograph

if TYPE_CHECKING:
    from safelight.gui.workspace import Workspace


def of_window(context: DeedContext, screen: FullScreen) -> list[Deed]:
    """The lines that are there from the beginning, before pixels have come."""
    return [
        *(*_file(context), *_edit(context), *_select(context)),
        *(*_view(context, screen), *_help(context)),
    ]


def _file(context: DeedContext) -> list[Deed]:
    made = "An empty page, or a picture that a generator makes"
    menu = _Lines("File", context)
    new = context.opening.ask_for_new
    menu.any("new", "&New…", new, "Ctrl+N", tip=made)
    menu.any("open", "&Open…", context.opening.ask, "Ctrl+O")
    menu.any(
        *("open frames", "Open pict&ures as sequence…"),
        lambda: open_and_export_frames.open_pictures(context),
        tip="The pictures in a folder, in the order of their names",
    )
    menu.front(
        *("place", "Place…", lambda _: exchange_pictures.place(context)),
        when=lambda front: not front.session.locked,
        tip="Pictures from files as layers of this one",
    )
    menu.any(
        *("ask how to develop", "As&k how to develop", develop_raw.ask_again),
        tip="Ask about the raw files of every camera again",
    )
    menu.part(1)  # behind the files opened lately
    menu.front("save", "&Save project", lambda _: save_projects.save(context), "Ctrl+S", saves=True)
    menu.front(
        "save as",
        "Save project &as…",
        lambda _: save_projects.save_as(context),
        "Ctrl+Shift+S",
        saves=True,
    )
    menu.front(
        "export",
        "&Export…",
        lambda _: export_photograph.export(context),
        "Ctrl+Shift+E",
        takes=True,
    )
    again = "As the last time, to a new name beside that file"
    menu.front(
        *("export again", "Export a&gain", lambda _: export_photograph.export_again(context)),
        *("Ctrl+Alt+Shift+E",),
        tip=again,
        takes=True,
    )
    menu.front(
        *("export same", "Export again to the same &file"),
        lambda _: export_photograph.export_again(context, same=True),
        tip="As the last time, instead of the file that was written then",
        takes=True,
    )
    menu.front(
        *("export frames", "E&xport sequence…"),
        lambda _: open_and_export_frames.export_frames(context),
        when=lambda front: (
            context.backend.studio is not None and open_and_export_frames.has_frames(front)
        ),
        tip="All pictures, as a film, an animation or pages",
        takes=True,
    )
    menu.any(
        *("batch", "&Batch…", partial(open_batch, context)),
        when=lambda: context.backend.studio is not None,
        tip="Do to many files what a recipe says",
    )
    menu.any(
        *("contact sheet", "Contact s&heet…", partial(_contact_sheet, context)),
        when=lambda: context.backend.studio is not None,
        tip="Many pictures on one page, with their names",
    )
    look = "What the layers above the picture make of colours, as a table for other programs"
    for side, text in ((33, "Look of &33 points a side…"), (65, "Look of &65 points a side…")):
        menu.front(
            *(f"save look {side}", text, partial(save_looks.save_look, context, side)),
            when=lambda front: context.backend.studio is not None and save_looks.possible(front),
            submenu="Save &look as .cube",
            tip=look,
            takes=True,
        )
    menu.front(
        "print", "&Print…", lambda _: print_photograph.print_picture(context), "Ctrl+P", takes=True
    )
    menu.any("add network", "Add a net&work…", context.installing.ask_for_network)
    menu.part(2)
    menu.front("close", "&Close", context.closing.close, "Ctrl+W", "Ctrl+F4")
    menu.any("quit", "&Quit", context.window.close, "Ctrl+Q")
    return menu.lines


def _contact_sheet(context: DeedContext) -> None:
    from safelight.gui.prints.contact_sheet_dialog import ask_for_contact_sheet

    ask_for_contact_sheet(context)


def _edit(context: DeedContext) -> list[Deed]:
    def back(workspace: Workspace) -> bool:
        session = workspace.session
        return session.waiting.newest or (session.history.can_undo and not session.locked)

    def forth(workspace: Workspace) -> bool:
        return workspace.session.history.can_redo and not workspace.session.locked

    def pending(workspace: Workspace) -> bool:
        return workspace.canvas.tool.pending and not workspace.session.locked

    def undo(workspace: Workspace) -> None:
        """Take back what the tool has under way before what was done before it."""
        workspace.canvas.tool.settle()
        workspace.session.undo()

    menu = _Lines("Edit", context)
    undoes = "&Undo", undo, "Ctrl+Z"
    menu.front("undo", *undoes, when=lambda front: back(front) or pending(front))
    menu.front("redo", "&Redo", lambda front: front.session.redo(), "Ctrl+Shift+Z", when=forth)
    menu.part(1)
    menu.front(
        *("copy", "C&opy", lambda _: exchange_pictures.copy(context, merged=False), "Ctrl+C"),
        tip="What is selected of the active layer, for this and other programs",
        saves=True,
    )
    menu.front(
        *("copy merged", "Copy &merged", lambda _: exchange_pictures.copy(context, merged=True)),
        "Ctrl+Shift+C",
        tip="What is selected of all layers together, for this and other programs",
        saves=True,
    )
    menu.any(
        *("paste", "&Paste", lambda: exchange_pictures.paste(context), "Ctrl+V"),
        tip="A picture that was copied here or in another program, on a layer of its own",
    )
    menu.part(2)
    saves = "What was done to the picture, as a list that can be done to others"
    menu.front(
        *(
            "save steps",
            "Save s&teps as recipe…",
            lambda _: save_and_run_recipes.save_steps(context),
        ),
        when=lambda front: front.session.history.position > 0,
        tip=saves,
        takes=True,
    )
    menu.part(3)  # behind the recipes
    menu.front(
        *(
            "run recipe",
            "Run re&cipe from a file…",
            lambda _: save_and_run_recipes.ask_and_run(context),
        ),
        when=lambda front: context.backend.studio is not None and front.session.idle,
        tip="Do to the picture what a recipe says",
    )
    return menu.lines


def _select(context: DeedContext) -> list[Deed]:
    menu = _Lines("Select", context)
    menu.part(4)
    menu.front(
        *("save selection file", "Save selection as PNG…", partial(selection_files.save, context)),
        when=selection_files.selects,
        tip="What is selected as a grey picture: white is selected",
    )
    menu.front(
        *("load selection file", "Load selection from a picture…"),
        partial(selection_files.load, context),
        when=lambda front: not front.session.locked,
        tip="What is light in a picture file of the same size is selected",
    )
    return menu.lines


def _view(context: DeedContext, screen: FullScreen) -> list[Deed]:
    menu = _Lines("View", context)
    menu.front("zoom in", "Zoom &in", lambda front: front.canvas.zoom_in(), "Ctrl++", "Ctrl+=")
    menu.front("zoom out", "Zoom &out", lambda front: front.canvas.zoom_out(), "Ctrl+-")
    menu.front("fit", "&Fit in window", lambda front: front.canvas.fit(), "Ctrl+0")
    menu.front("fill", "Fill &window", lambda front: front.canvas.fill())
    menu.front("full size", "&100 %", lambda front: front.canvas.full_size(), "Ctrl+1")
    menu.part(1)
    # The brackets with Ctrl are for turning the picture itself.
    menu.front("right", "Rotate view &right", lambda front: front.canvas.rotate_right(), "Ctrl+.")
    menu.front("left", "Rotate view &left", lambda front: front.canvas.rotate_left(), "Ctrl+,")
    # No digit: a German keyboard has = above 0, and on a French one digits need Shift.
    level = "Ctrl+Shift+R"
    menu.front("level", "Le&vel view", lambda front: front.canvas.reset_rotation(), level)
    menu.part(2)
    menu.mark("grid", "Pixel &grid", "show_grid", "Ctrl+'")
    menu.mark("rulers", "R&ulers", "show_rulers", "Ctrl+R")
    menu.mark("guides", "Gui&des", "show_guides", "Ctrl+;")
    snaps = "What is moved, scaled, cropped or drawn snaps to edges, middles and guides; Ctrl: not"
    menu.mark("snap", "Snap", "show_snapping", tip=snaps)
    red = "What is selected, or the active layer's mask, in red over the picture"
    menu.mark("mask", "&Mask overlay", "show_mask_overlay", "Q", tip=red)
    grey = "What is selected, or the active layer's mask, alone: white where it shows"
    menu.mark("mask alone", "Mask alone", "show_mask_alone", "Shift+Q", tip=grey)
    clipped = "What is as light as it gets in red, what is as dark as it gets in blue"
    menu.mark("clipping", "Clippi&ng", "show_clipping", "O", tip=clipped)
    menu.part(3)
    menu.front(
        *("split", "Before and after, &split"),
        lambda front: front.canvas.set_split(front.canvas.split is None),
        "Ctrl+B",
        checked=lambda front: front.canvas.split is not None,
    )
    menu.front(
        *("before", "Show &before (hold \\)"),
        lambda front: front.canvas.show_before(not front.canvas.showing_before),
        checked=lambda front: front.canvas.showing_before,
    )
    menu.part(4)
    proofing, colours = context.proofing, "Screen &and print"
    menu.mark_all(
        *("monitor", "Use &the monitor's profile"),
        lambda: proofing.use_monitor(not proofing.uses_monitor),
        lambda: proofing.uses_monitor,
        submenu=colours,
        tip="Show colours as they are on this monitor; without, it is taken for sRGB",
    )
    menu.any(
        *("monitor file", "&Choose the monitor's profile…", proofing.choose_monitor),
        submenu=colours,
    )
    menu.any(
        *("monitor system", "Take the monitor's profile from the s&ystem"),
        lambda: proofing.take_monitor(""),
        when=lambda: bool(proofing.monitor_file),
        submenu=colours,
    )
    menu.mark_all(
        *("proof", "&Soft proof", proofing.switch, lambda: proofing.proofs, "Ctrl+Y"),
        submenu=colours,
        tip="How the picture will look printed; the picture stays as it is",
    )
    menu.any("proof set-up", "Set &up soft proof…", proofing.ask, submenu=colours)
    menu.mark_all(
        *("gamut", "G&amut warning", proofing.mark, lambda: proofing.marks, "Ctrl+Shift+Y"),
        submenu=colours,
        tip="Mark in magenta what the print does not have",
    )
    menu.part(5)
    menu.front(
        *("hide panels", "&Hide panels (Tab)"),
        lambda front: front.hide_panels(not front.panels_hidden),
        checked=lambda front: front.panels_hidden,
        tip="The picture alone; Tab over the picture does so too, and brings them back",
    )
    menu.any(
        *("full screen", "Full scr&een", screen.next, "F"),
        tip="Without borders, then the picture alone, then as it was; Escape leaves it",
    )
    return menu.lines


def _help(context: DeedContext) -> list[Deed]:
    menu = _Lines("Help", context)
    menu.any(
        "search", "&Search commands…", partial(search, context.window, context.deeds), "Ctrl+K"
    )
    menu.any("shortcuts", "&Keyboard shortcuts", partial(about.show_shortcuts, context), "F1")
    menu.any(
        "network log",
        "What &networks saw",
        partial(about.show_network_log, context),
        tip="Which network saw which document, when: on this computer alone",
    )
    menu.any("about", "&About Safelight", partial(about.show_about, context))
    return menu.lines


def of_layers(context: DeedContext) -> list[Deed]:
    """The lines about the active layer for which the window has to know more than a command."""

    def failed(front: Workspace) -> bool:
        return front.session.active in front.session.results.failed

    def stale(front: Workspace) -> bool:
        return front.session.active in front.session.results.stale

    def shift(step: int, front: Workspace) -> None:
        front.layers.shift(step)

    def shifts(step: int, front: Workspace) -> bool:
        return not front.session.locked and front.layers.place_after(step) is not None

    def try_again(front: Workspace) -> None:
        front.session.results.try_again(front.session.active)

    def refresh(front: Workspace) -> None:
        front.session.jobs.refresh(front.session.active, front.canvas.visible())

    menu = _Lines("Layer", context)
    menu.front("rename", "R&ename layer", lambda front: front.layers.tree.edit_name(), context=True)
    menu.front(
        *("find layer", "Find layer…", lambda front: front.layers.search.begin()),
        tip="Show those layers alone whose names have some words in them",
        context=True,
    )
    menu.front(
        *("duplicate to", "Duplicate to another photograph…"),
        lambda _: exchange_pictures.duplicate_to(context),
        when=lambda _: len(list(context.tabs.workspaces())) > 1,
        tip="Copies of the chosen layers, with masks and effects, where they lie here",
    )
    menu.part(4)
    menu.front(
        *("raise", "Move layer u&p", partial(shift, 1)),
        when=partial(shifts, 1),
        context=True,
        submenu=_ARRANGE,
    )
    menu.front(
        *("lower", "Move layer do&wn", partial(shift, -1)),
        when=partial(shifts, -1),
        context=True,
        submenu=_ARRANGE,
    )
    menu.front(
        *("develop again", "Develop again…", develop_raw.develop_again),
        when=develop_raw.can_develop_again,
        tip="Have the raw file that the layer was made of developed with other settings",
        context=True,
    )
    menu.part(5)
    menu.front("try again", "&Try again", try_again, when=failed, context=True)
    menu.front("refresh", "Refres&h", refresh, when=stale, context=True)
    menu.front(
        *("inspect", "Inspect filter…", partial(inspect_layer.inspect_layer, context)),
        when=partial(inspect_layer.can_inspect, context),
        tip="What its networks cost, what it adds, how far it sees and how steady it is",
    )
    menu.front(
        *("verify", "Verify result", partial(verify_layer.verify_layer, context)),
        when=partial(verify_layer.can_verify, context),
        tip="Make the result that the layer keeps afresh, and compare",
    )
    return menu.lines


_ARRANGE = "&Arrange"
"""What opens beside the menu of layers: how the chosen ones lie."""


class _Lines:
    """Lines of one menu, put down one after the other."""

    def __init__(self, menu: str, context: DeedContext) -> None:
        self._menu = menu
        self._upon = context
        self._section = 0
        self.lines: list[Deed] = []

    def part(self, section: int) -> None:
        """Begin another part of the menu."""
        self._section = section

    def any(
        self,
        id: str,
        text: str,
        run: Callable[[], object],
        *keys: str,
        when: Callable[[], bool] | None = None,
        submenu: str = "",
        tip: str = "",
    ) -> None:
        """What can be asked for whatever is open."""
        made = Deed(id, text, run, self._menu, self._section, keys, submenu=submenu, tip=tip)
        self.lines.append(made if when is None else replace(made, when=when))

    def mark_all(
        self,
        id: str,
        text: str,
        run: Callable[[], object],
        checked: Callable[[], bool],
        *keys: str,
        submenu: str = "",
        tip: str = "",
    ) -> None:
        """What is switched on or off whatever is open."""
        made = Deed(id, text, run, self._menu, self._section, keys, submenu=submenu, tip=tip)
        self.lines.append(replace(made, checked=checked))

    def front(
        self,
        id: str,
        text: str,
        run: Callable[[Workspace], object],
        *keys: str,
        when: Callable[[Workspace], bool] = lambda _: True,
        checked: Callable[[Workspace], bool] | None = None,
        context: bool = False,
        submenu: str = "",
        tip: str = "",
        takes: bool = False,
        saves: bool = False,
    ) -> None:
        """What is done to the photograph in front. What ``takes`` it, to be written or printed,
        waits until all is done to it that has been asked for; what ``saves`` it does not wait for
        a job, which may take long.
        """

        def do() -> None:
            front = self._upon.front
            before = "" if front is None else front.session.under_way_before(jobs=takes)
            if front is not None and (takes or saves) and before:
                name = text.replace("&", "").rstrip("…")
                front.line.mention(f"{name} follows when this is done: {before}.")
                front.session.when_done(
                    lambda: self._upon.front is front and run(front), jobs=takes
                )
            elif front is not None:
                run(front)

        def possible() -> bool:
            return self._upon.front is not None and when(self._upon.front)

        def on() -> bool:
            return (
                self._upon.front is not None and checked is not None and checked(self._upon.front)
            )

        self.lines.append(
            Deed(
                *(id, text, do, self._menu, self._section, keys),
                when=possible,
                submenu=submenu,
                checked=None if checked is None else on,
                context=context,
                tip=tip,
            )
        )

    def mark(self, id: str, text: str, name: str, *keys: str, tip: str = "") -> None:
        """What is switched on or off on every canvas: its property ``name``."""

        def switch(front: Workspace) -> None:
            on = not getattr(front.canvas, name)
            for workspace in self._upon.tabs.workspaces():
                setattr(workspace.canvas, name, on)

        def is_on(front: Workspace) -> bool:
            return bool(getattr(front.canvas, name))

        self.front(id, text, switch, *keys, checked=is_on, tip=tip)
