"""Keeps the top line, the notice, the footer's steering keys and the terminal's title current."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from vae_tui.tui.keys.bindings import LEAVE, PAUSE, steering_labels
from vae_tui.tui.link.driver import driver_of
from vae_tui.tui.link.link_label import LinkLabel
from vae_tui.tui.link.terminal_writer import TerminalWriter
from vae_tui.tui.state.announcements import Announcements, title_of
from vae_tui.tui.state.notice import notice_of
from vae_tui.tui.state.scene_store import SceneStore
from vae_tui.tui.widgets.frame.status import status_of

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.tui.app import VaeApp


class StatusController:
    """Shows the state of the run and of the link on the main screen, and announces news."""

    def __init__(
        self,
        app: "VaeApp",
        store: SceneStore,
        reference: str,
        clock: Callable[[], float],
        announce: Callable[[str, str], None] | None,
        *,
        has_control: bool,
    ) -> None:
        """``clock`` returns Unix seconds; ``announce`` takes the run's name and a sentence."""
        self._app = app
        self._store = store
        self._reference = reference
        self._clock = clock
        self._announce = announce
        self._has_control = has_control
        self._announcements = Announcements()
        self._link: LinkLabel | None = None

    def watch_link(self, writer: TerminalWriter) -> None:
        """Show the rate of this writer from now on."""
        self._link = LinkLabel(writer)

    def update(self) -> None:
        """Show what is known now; to be called at least once a second."""
        if self._store.run is None:
            return
        self._store.update_weights_label()
        run, now, main = self._store.run, self._clock(), self._app.main
        state, control, keys = run.state(now), self._has_control, main.key_names
        main.steering = steering_labels(
            state,
            has_control=control,
            can_undo=bool(run.setting_changes),
            has_diverged=run.diverged is not None,
        )
        resume = keys[PAUSE] if control else f"vae-tui resume {self._reference}"
        main.notice = notice_of(run, state, now, resume=resume, leave=keys[LEAVE], control=control)
        main.link_rate = self._link.text() if self._link else ""
        main.status = status_of(
            run,
            now,
            mode="" if control else "read only",
            link=main.link_rate,
            link_is_slow=self._link is not None and self._link.is_slow,
            unicode=main.unicode,
        )
        if (driver := driver_of(self._app)) is not None and state != "reading":
            driver.title.show(title_of(run, state))
        if self._announce and (news := self._announcements.news(run, state)):
            self._announce(run.name, news)
