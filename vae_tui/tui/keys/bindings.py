"""The keys that work in every view: one table for footer, help, palette, README and remapping.

Each view has a table of the same kind. A binding's id is what a key is remapped by.
"""

from textual.binding import Binding

from vae_tui.run.state import ENDED

PAUSE, SETTINGS, UNDO = "app.pause", "app.settings", "app.undo"
LEAVE = "app.leave"
STEERING = (PAUSE, SETTINGS, UNDO)
"""Shown in the footer only while they do something: see `steering_labels`."""
ADJUSTABLE = ("running", "paused", "stalled")
"""States of a run whose trainer accepts commands."""
STEERING_COMMANDS = {
    "Pause": "Pause the training",
    "Resume": "Resume the training",
    "Train more": "Train more epochs",
    "Roll back": "Roll back to the last good weights and halve the learning rate",
    "Settings": "Change settings",
    "Undo": "Undo the last change of a setting",
}
"""What the palette calls each label of `steering_labels`."""
PALETTE = "app.palette"
ALWAYS_SHOWN = ("app.help", LEAVE)
HIDDEN_FIRST = ("app.copy", "app.export", UNDO, "app.back", SETTINGS)
"""Left out of a footer that is too short for all, the first of them first."""

ARROWS = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}
"""Columns and rows by which a key moves a cursor."""

VIEWS = ("Train", "Samples", "Walk", "Map", "Dimensions", "Runs")
"""The views in the order of their keys, known before they are imported."""

VIEW_KEYS = {f"app.view{number}": str(number) for number, _ in enumerate(VIEWS, 1)}
"""The key of each view by the id of its binding, unless the user has another."""
KEYS = (
    Binding("1", "screen.view(0)", show=False, key_display="1-6", id="app.view1",
            tooltip=f"Go to a view: {', '.join(VIEWS)}"),
    *(Binding(str(key), f"screen.view({key - 1})", show=False, id=f"app.view{key}")
      for key in range(2, 7)),
    Binding("tab", "screen.next_view(1)", "Next view", show=False, id="app.next-view",
            tooltip="Go to the next view"),
    Binding("shift+tab", "screen.next_view(-1)", show=False, id="app.previous-view",
            tooltip="Go to the previous view"),
    Binding("space", "screen.sample", "Resample", id="app.sample",
            tooltip="Draw new samples"),
    Binding("i", "run('morph')", "Morph", id="app.morph",
            tooltip="Morph one class into another"),
    Binding("p", "run('pause')", "Pause", id=PAUSE,
            tooltip="Pause or resume the training; train more epochs after the last one"),
    Binding("c", "run('settings')", "Settings", id=SETTINGS,
            tooltip="Change beta, learning rate or epochs; save now"),
    Binding("u", "run('undo')", "Undo", id=UNDO, tooltip="Undo the last change of a setting"),
    Binding("comma", "run('back')", "Time", key_display=", .", id="app.back",
            tooltip="Go back or forth through the kept weights"),
    Binding("full_stop", "run('forth')", show=False, id="app.forth"),
    Binding("end", "run('return')", show=False, id="app.now",
            tooltip="Return to the newest weights"),
    Binding("e", "run('export')", "Export", id="app.export",
            tooltip="Write what is shown to a file"),
    Binding("y", "run('copy')", "Copy", id="app.copy",
            tooltip="Copy what is shown as a shell command"),
    Binding("ctrl+p", "command_palette", "Palette", show=False, priority=True, id=PALETTE,
            tooltip="Find a command, a view, a run or a theme by its name"),
    Binding("question_mark", "screen.help", "Help", key_display="?", id="app.help",
            tooltip="Explain this view and its keys"),
    Binding("q", "run('leave')", "Leave", id=LEAVE, tooltip="Leave; training may continue"),
    Binding("ctrl+c,ctrl+q", "run('leave')", show=False, priority=True, id="app.interrupt"),
    Binding("ctrl+l", "redraw", show=False, priority=True, id="app.redraw",
            tooltip="Redraw everything, after something else wrote to the terminal"),
    Binding("ctrl+z", "suspend_process", show=False, priority=True, id="app.suspend",
            tooltip="Suspend to the shell; fg resumes"),
)  # fmt: skip


def arrow_keys(
    owner: str, action: str, label: str, tooltip: str, far: int = 0
) -> tuple[Binding, ...]:
    """Return the bindings, shown as one, of the arrow keys to ``action(columns, rows)``.

    With shift the keys go ``far`` cells, if given. The ids are ``owner.up``, ``owner.far-up`` ...
    """
    rest = (
        Binding(f"{shift}{key}", f"{action}({x * cells}, {y * cells})", show=False,
                id=f"{owner}.{prefix}{key}")
        for shift, cells, prefix in (("", 1, ""), ("shift+", far, "far-"))
        for key, (x, y) in ARROWS.items()
        if cells and (shift or key != "up")
    )  # fmt: skip
    first = Binding("up", f"{action}(0, -1)", label, key_display="↑↓←→", id=f"{owner}.up",
                    tooltip=tooltip)  # fmt: skip
    return first, *rest


def steering_labels(
    state: str, *, has_control: bool, can_undo: bool, has_diverged: bool = False
) -> dict[str, str]:
    """Return the footer's label for each of `STEERING` that does something now."""
    if not has_control or state not in (*ADJUSTABLE, *ENDED):
        return {}
    if state in ADJUSTABLE:
        labels = {PAUSE: "Resume" if state == "paused" else "Pause", SETTINGS: "Settings"}
        return labels | ({UNDO: "Undo"} if can_undo else {})
    by_state = {"finished": "Train more", "failed": "Roll back" if has_diverged else "Resume"}
    return {PAUSE: by_state.get(state, "Resume"), SETTINGS: "Settings"}


def footer_rank(binding_id: str) -> int:
    """Return 0 for a key that is always in the footer; the higher, the sooner it is left out."""
    if binding_id in ALWAYS_SHOWN:
        return 0
    if binding_id == PAUSE:
        return 1
    if binding_id in HIDDEN_FIRST:
        return 3 + len(HIDDEN_FIRST) - HIDDEN_FIRST.index(binding_id)
    return 3 if binding_id.startswith("app.") else 2
