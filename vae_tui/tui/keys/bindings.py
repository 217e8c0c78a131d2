"""The keys that work in every view: one source for footer, help, palette and remapping."""

from textual.binding import Binding

KEYS = (
    Binding("1", "view(0)", "View", key_display="1-6", id="app.view1",
            tooltip="Views: 1 Train, 2 Samples, 3 Walk, 4 Map, 5 Dimensions, 6 Runs"),
    *(Binding(str(key), f"view({key - 1})", show=False, id=f"app.view{key}")
      for key in range(2, 7)),
    Binding("tab", "next_view(1)", "View", id="app.next-view",
            tooltip="The next view; shift+tab: the one before"),
    Binding("shift+tab", "next_view(-1)", show=False, id="app.previous-view"),
    Binding("space", "sample", "New", id="app.sample", tooltip="New sample from the prior"),
    Binding("i", "interpolate", "Morph", id="app.interpolate",
            tooltip="From one digit to another"),
    Binding("p", "pause", "Pause", id="app.pause", tooltip="Pause or resume the training"),
    Binding("c", "controls", "Controls", id="app.controls",
            tooltip="Change beta, lr or epochs, or save now"),
    Binding("u", "undo", "Undo", id="app.undo", tooltip="Undo the last change of a setting"),
    Binding("comma", "travel(-1)", "Time", key_display=", .", id="app.back",
            tooltip="Back and forth through the kept weights; end: back to now"),
    Binding("full_stop", "travel(1)", show=False, id="app.forth"),
    Binding("end", "return", show=False, id="app.now", tooltip="Back to the newest weights"),
    Binding("e", "export", "Export", id="app.export", tooltip="Write what is shown to a file"),
    Binding("y", "copy", "Copy", id="app.copy",
            tooltip="Copy what is shown as a shell command"),
    Binding("question_mark", "help", "Help", key_display="?", id="app.help",
            tooltip="What this view shows and its keys"),
    Binding("q", "leave", "Quit", id="app.leave", tooltip="Leave; training may go on"),
    Binding("ctrl+c,ctrl+q", "leave", show=False, priority=True, id="app.interrupt"),
    Binding("ctrl+l", "redraw", show=False, priority=True, id="app.redraw",
            tooltip="Draw everything again, when something else wrote on the terminal"),
    Binding("ctrl+z", "suspend_process", show=False, priority=True, id="app.suspend",
            tooltip="To the shell; fg comes back"),
)  # fmt: skip
