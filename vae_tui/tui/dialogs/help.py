"""``?``: the keys, what the view shows, and where to read more."""

from collections.abc import Iterable

from rich.cells import cell_len
from rich.table import Table
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Resize
from textual.widgets import Static

from vae_tui.tui.dialogs.dialog import Dialog
from vae_tui.tui.keys.active_keys import ExplainedKey

WIDE, WIDEST = 120, 150
"""Columns of a terminal that has room for two columns of text, and for the ids of the keys too."""
MOST_KEY_CELLS = 13
"""Of the column of the keys: shift+tab takes 9, a key of the user's own may take more."""
MORE = (
    "README.md, vae-tui --help and vae-tui COMMAND --help. The model: Kingma and Welling 2014, "
    "https://arxiv.org/abs/1312.6114; beta: Higgins et al. 2017."
)


class HelpDialog(Dialog[None]):
    """Shows the keys and what they do beside a text, or above it."""

    BINDINGS = [Binding("escape,question_mark,q,enter,space", "dismiss", "Close", id="help.close")]
    DEFAULT_CSS = """
    HelpDialog > VerticalScroll { width: 78; scrollbar-size-vertical: 1; }
    HelpDialog.wide > VerticalScroll { width: 96%; max-width: 170; }
    HelpDialog Horizontal, HelpDialog Vertical { height: auto; }
    HelpDialog Horizontal { layout: vertical; }
    HelpDialog.wide Horizontal { layout: horizontal; }
    HelpDialog #text { width: 1fr; margin-top: 1; }
    HelpDialog.wide #text { margin: 0 0 0 4; max-width: 70; }
    HelpDialog.wide #keys { width: 1fr; }
    HelpDialog .heading { color: $primary; text-style: bold; }
    HelpDialog #news { color: $text-warning; margin-bottom: 1; }
    HelpDialog .heading.next { margin-top: 1; }
    """

    def __init__(
        self,
        title: str,
        text: str,
        own: Iterable[ExplainedKey],
        everywhere: Iterable[ExplainedKey],
        news: str = "",
    ) -> None:
        """Explain a view in plain ``text``, its ``own`` keys and those of all views.

        ``news`` is what the user should know now, in full.
        """
        super().__init__()
        self._title = title
        self._text = text
        self._news = news
        tables = (("Keys of this view", list(own)), ("Keys everywhere", list(everywhere)))
        self._keys = [table for table in tables if table[1]]
        names = (cell_len(one.key) for _, keys in self._keys for one in keys)
        self._key_cells = min(max(names, default=0), MOST_KEY_CELLS)

    def compose(self) -> ComposeResult:
        """Yield the keys and what the view shows."""
        width = self.app.size.width
        self.set_class(width >= WIDE, "wide")
        with VerticalScroll() as box:
            box.border_title = self._title
            box.border_subtitle = self.keys_line(("↑↓", "scroll"), ("help.close", "close"))
            if self._news:
                yield Static(self._news, id="news", markup=False)
            with Horizontal():
                with Vertical(id="keys"):
                    for index, (heading, _) in enumerate(self._keys):
                        yield Static(heading, classes=f"heading {'next' if index else ''}")
                        yield Static(self._table(index, width), id=f"table{index}")
                with Vertical(id="text"):
                    if self._text:
                        yield Static("What it shows", classes="heading")
                        yield Static(self._text, markup=False)
                    yield Static("Other keys", classes=f"heading {'next' if self._text else ''}")
                    yield Static(
                        "Keys can be changed in the config file by their ids, which are beside the "
                        "keys on a wide terminal: vae-tui config edit, table \\[keys]."
                    )
                    yield Static("More", classes="heading next")
                    yield Static(MORE, markup=False)

    def on_resize(self, event: Resize) -> None:
        """Show two columns, and the ids of the keys, where there is room."""
        width = event.size.width
        self.set_class(width >= WIDE, "wide")
        for index in range(len(self._keys)):
            for table in self.query(f"#table{index}").results(Static):
                table.update(self._table(index, width))

    def _table(self, index: int, width: int) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(justify="right", style="key", width=self._key_cells, no_wrap=True)
        table.add_column(ratio=1)
        with_ids = width >= WIDEST
        if with_ids:
            table.add_column(style="quiet", no_wrap=True)
        table.expand = True
        for one in self._keys[index][1]:
            ids = one.ids[0] if one.ids else ""
            if len(one.ids) > 1:
                ids += f" … {one.ids[-1].rpartition('.')[2]}"
            table.add_row(one.key, one.meaning, *([ids] if with_ids else []))
        return table
