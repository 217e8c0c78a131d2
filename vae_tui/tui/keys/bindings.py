"""The keys that work in every view: one table for footer, help, palette, README and remapping.

Each view has a table of the same kind. A binding's id is what a key is remapped by.
"""

from textual.binding import Binding

PAUSE, CONTROLS, UNDO = "app.pause", "app.controls", "app.undo"
STEERING = (PAUSE, CONTROLS, UNDO)
"""Shown in the footer only while they do something: see `steering_labels`."""
ADJUSTABLE = ("running", "paused", "stalled")
"""States of a run whose trainer accepts commands."""
ALWAYS_SHOWN = ("app.help", "app.leave")
HIDDEN_FIRST = ("app.copy", "app.export", UNDO, "app.back", CONTROLS)
"""Left out of a footer that is too short for all, the first of them first."""

VIEWS = ("Train", "Samples", "Walk", "Map", "Dimensions", "Runs")
"""The views in the order of their keys, known before they are imported."""

KEYS = (
    Binding("1", "screen.view(0)", "View", show=False, key_display="1-6", id="app.view1",
            tooltip="Views: 1 Train, 2 Samples, 3 Walk, 4 Map, 5 Dimensions, 6 Runs"),
    *(Binding(str(key), f"screen.view({key - 1})", show=False, id=f"app.view{key}")
      for key in range(2, 7)),
    Binding("tab", "screen.next_view(1)", "Next view", show=False, id="app.next-view",
            tooltip="The next view; shift+tab: the one before"),
    Binding("shift+tab", "screen.next_view(-1)", show=False, id="app.previous-view"),
    Binding("space", "screen.sample", "New", id="app.sample", tooltip="New sample from the prior"),
    Binding("i", "screen.interpolate", "Morph", id="app.interpolate",
            tooltip="From one digit to another"),
    Binding("p", "run('pause')", "Pause", id=PAUSE, tooltip="Pause or resume the training"),
    Binding("c", "run('controls')", "Controls", id=CONTROLS,
            tooltip="Change beta, lr or epochs, or save now"),
    Binding("u", "run('undo')", "Undo", id=UNDO, tooltip="Undo the last change of a setting"),
    Binding("comma", "travel(-1)", "Time", key_display=", .", id="app.back",
            tooltip="Back and forth through the kept weights; end: back to now"),
    Binding("full_stop", "travel(1)", show=False, id="app.forth"),
    Binding("end", "run('return')", show=False, id="app.now", tooltip="Back to the newest weights"),
    Binding("e", "run('export')", "Export", id="app.export",
            tooltip="Write what is shown to a file"),
    Binding("y", "run('copy')", "Copy", id="app.copy",
            tooltip="Copy what is shown as a shell command"),
    Binding("question_mark", "screen.help", "Help", key_display="?", id="app.help",
            tooltip="What this view shows and its keys"),
    Binding("q", "run('leave')", "Quit", id="app.leave", tooltip="Leave; training may continue"),
    Binding("ctrl+c,ctrl+q", "run('leave')", show=False, priority=True, id="app.interrupt"),
    Binding("ctrl+l", "redraw", show=False, priority=True, id="app.redraw",
            tooltip="Redraw everything, after something else wrote to the terminal"),
    Binding("ctrl+z", "suspend_process", show=False, priority=True, id="app.suspend",
            tooltip="Suspend to the shell; fg resumes"),
)  # fmt: skip


def steering_labels(state: str, *, has_control: bool, can_undo: bool) -> dict[str, str]:
    """Return the footer's label for each of `STEERING` that does something now."""
    if not has_control:
        return {}
    if state in ADJUSTABLE:
        labels = {PAUSE: "Resume" if state == "paused" else "Pause", CONTROLS: "Controls"}
        return labels | ({UNDO: "Undo"} if can_undo else {})
    if state == "finished":
        return {PAUSE: "Longer"}
    return {PAUSE: "Resume"} if state in ("stopped", "failed", "lost") else {}


def footer_rank(binding_id: str) -> int:
    """Return 0 for a key that is always in the footer; the higher, the sooner it is left out."""
    if binding_id in ALWAYS_SHOWN:
        return 0
    if binding_id in HIDDEN_FIRST:
        return 2 + len(HIDDEN_FIRST) - HIDDEN_FIRST.index(binding_id)
    return 2 if binding_id.startswith("app.") else 1
