"""Which of the keys that steer a run work here and now, and what they do then."""

ADJUSTABLE = ("running", "paused", "stalled")
PAUSE, CONTROLS, UNDO = "app.pause", "app.controls", "app.undo"
STEERING = (PAUSE, CONTROLS, UNDO)


def steering_keys(state: str, *, control: bool, changed: bool) -> dict[str, str]:
    """Return what stands in the bottom line for each of `STEERING` that works.

    Args:
        state: Of the run.
        control: The screen steers the run.
        changed: There is a change that can be taken back.
    """
    if not control:
        return {}
    if state in ADJUSTABLE:
        pause = {PAUSE: "Go on" if state == "paused" else "Pause"}
        return {**pause, CONTROLS: "Controls", **({UNDO: "Undo"} if changed else {})}
    if state == "finished":
        return {PAUSE: "Longer"}
    return {PAUSE: "Go on"} if state in ("stopped", "failed", "lost") else {}
