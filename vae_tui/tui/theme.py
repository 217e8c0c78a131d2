"""Roles of colours: the only place where a colour of the screen is named.

Style sheets use Textual's variables and ``$quiet``. Widgets that draw their own rows style them
with the names of `ROLES`, which the console of the app knows; see `role_styles`.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from vae_tui.run import files
from vae_tui.run.untrusted import read_bounded
from vae_tui.terminal.class_colours import CLASS_COLOURS
from vae_tui.terminal.nearest_entry import linear
from vae_tui.text import did_you_mean

FILL_SHARE = 0.14
"""Of the primary colour in the ground below a trend; the rest is the background."""
LEAST_CONTRAST = 4.5
"""Smallest contrast of text with its background, by WCAG 2 level AA."""
DEFAULT = "vae-dark"
_NAMED = (
    *("primary", "secondary", "accent", "warning", "error", "success"),
    *("foreground", "background", "surface", "panel"),
)
"""Colours that a theme may name."""
_LONGEST_NAME = 200
BLACK, WHITE = Color(0, 0, 0), Color(255, 255, 255)


@dataclass(frozen=True, slots=True)
class Role:
    """How the colour of a role is made from a theme that does not name it."""

    variable: str
    """The variable of Textual that it starts from."""
    share: float = 1.0
    """The rest is the background."""
    is_text: bool = True
    """It gets a contrast of at least `LEAST_CONTRAST`."""
    is_bold: bool = False


ROLES: Mapping[str, Role] = {
    "quiet": Role("foreground", 0.6),
    "strong": Role("foreground", is_bold=True),
    "key": Role("accent", is_bold=True),
    "rule": Role("foreground", 0.35, is_text=False),
    "focus": Role("foreground", 0.75),
    "good": Role("success"),
    "news": Role("primary"),
    "warning": Role("warning"),
    "alarm": Role("error", is_bold=True),
    "train": Role("primary"),
    "band": Role("primary", 0.45, is_text=False),
    "test": Role("accent"),
    "loss": Role("foreground", 0.8),
    "overlay": Role("secondary"),
    "overlay2": Role("success"),
    "overlay3": Role("error"),
    "overlay4": Role("foreground", 0.8),
    "mark": Role("warning", 0.8),
    "here": Role("accent", is_bold=True),
    "dead": Role("foreground", 0.5),
}
"""``train``, ``band``, ``test``: curves and bars; ``loss``: what the loss uses, where that differs;
``overlay``: other runs; ``rule``: axes, tracks; ``focus``: the frame of the panel that the keys are
for; ``mark``: a changed setting;
``here``: what the cursor is on; ``dead``: a dimension without KL."""

OVERLAY_ROLES = ("overlay", "overlay2", "overlay3", "overlay4")
"""Roles of the overlaid runs; their number limits the overlays."""

THEMES = (
    Theme(
        name=DEFAULT,
        primary="#00afff", secondary="#d75fd7", accent="#ffaf00", warning="#ffaf00",
        error="#ff5f5f", success="#5fd787", foreground="#d0d0d0",
        background="#000000", surface="#121212", panel="#1c1c1c",
        variables={
            "quiet": "#949494", "rule": "#585858", "focus": "#b2b2b2",
            "band": "#005f87", "mark": "#d7af5f", "dead": "#808080", "text-muted": "#949494",
            "text-warning": "#ffaf00", "text-error": "#ff5f5f", "cursor-ground": "#3a3a3a",
        },
    ),
    Theme(
        name="vae-light", dark=False,
        primary="#005faf", secondary="#87005f", accent="#875f00", warning="#875f00",
        error="#af0000", success="#005f00", foreground="#1c1c1c",
        background="#ffffff", surface="#eeeeee", panel="#e4e4e4",
        variables={
            "quiet": "#5f5f5f", "rule": "#a8a8a8", "focus": "#3a3a3a",
            "band": "#87afd7", "mark": "#875f00", "dead": "#5f5f5f", "text-muted": "#5f5f5f",
            "text-warning": "#875f00", "text-error": "#af0000", "cursor-ground": "#d0d0d0",
            "class0": "#af0000", "class1": "#875f00", "class2": "#5f5f00", "class3": "#005f00",
            "class4": "#005f5f", "class5": "#005f87", "class6": "#0000af", "class7": "#5f00af",
            "class8": "#87005f", "class9": "#5f5f5f",
        },
    ),
    Theme(
        # Sky blue, yellow, bluish green, vermilion and reddish purple: distinct with each of the
        # three kinds of colour blindness (Okabe and Ito, 2008), here as the palette has them.
        name="vae-colour-blind",
        primary="#5fafff", secondary="#d787af", accent="#ffff5f", warning="#ffff5f",
        error="#ff5f00", success="#00af87", foreground="#d0d0d0",
        background="#000000", surface="#121212", panel="#1c1c1c",
        variables={
            "quiet": "#949494", "rule": "#585858", "focus": "#b2b2b2",
            "band": "#005f87", "mark": "#d7d75f", "dead": "#808080", "text-muted": "#949494",
            "text-warning": "#ffff5f", "text-error": "#ff5f00", "cursor-ground": "#3a3a3a",
        },
    ),
)  # fmt: skip
"""Ours, in colours that 256-colour terminals have exactly."""
_LIGHT_IN_16 = {
    "rule": "#555555", "focus": "#000000", "band": "#00aaaa",
    **dict.fromkeys(("mark", "text-warning", "text-error"), "#aa0000"),
    **dict.fromkeys(("class0", "class1"), "#aa0000"),
    **dict.fromkeys(("class2", "class3", "class9"), "#555555"),
    **dict.fromkeys(("class4", "class5", "class6"), "#0000aa"),
    **dict.fromkeys(("class7", "class8"), "#aa00aa"),
}  # fmt: skip
"""Without yellow, green and cyan, which few terminals show dark enough for text on white."""


def in_16_colours(ours: Theme) -> Theme:
    """Return one of our themes in colours that can be read when 16 are left of them."""
    if ours.dark:  # grey is too light for the texts of the cursor's row, blue too dark for a class
        variables = {**ours.variables, "cursor-ground": "#0000aa", "class6": "#55ffff"}
        return replace(ours, variables=variables)
    variables = {**ours.variables, **_LIGHT_IN_16}
    return replace(
        ours, primary="#0000aa", secondary="#aa00aa", accent="#aa0000", warning="#aa0000",
        error="#aa0000", success="#0000aa", variables=variables,
    )  # fmt: skip


_HEAT = {
    DEFAULT: "#000000 #00005f #005f87 #0087af #00afd7 #5fd7ff #afffff",
    "vae-light": "#ffffff #d7ffff #afd7ff #5fafff #0087d7 #005faf #00005f",
    # From blue to yellow, as cividis, which looks the same to the colour-blind.
    "vae-colour-blind": "#000000 #00005f #5f5f87 #878787 #afaf87 #d7d75f #ffff5f",
}
"""Entries of the 256-colour palette, about as far apart in lightness as it allows."""
_HEAT_LEVELS = 16


class ChosenTheme:
    """The theme that the user has chosen: in the environment, the palette or the config file.

    TEXTUAL_THEME wins. Of the other two the newer choice does: the palette's is kept in a file
    together with the theme that was ``configured`` then, so that a config file with another theme
    by now has been edited since.
    """

    def __init__(self, file: Path, environment: Mapping[str, str], configured: str = "") -> None:
        self._file = file
        self._environment = environment
        self._configured = configured

    def load(self) -> str:
        """Return the name of the theme, which need not exist; empty if none was chosen."""
        return self.found()[0]

    def found(self) -> tuple[str, str]:
        """Return the name of the theme, and where it was chosen; both empty if nowhere.

        "this file" is the config file, whose ``config show`` says so.
        """
        if named := self._environment.get("TEXTUAL_THEME"):
            return named, "environment: TEXTUAL_THEME"
        chosen, configured_then = "", ""
        with contextlib.suppress(OSError, ValueError):
            text = read_bounded(self._file, 2 * _LONGEST_NAME).decode()
            chosen, configured_then = [*text.split("\n"), ""][:2]
        if self._configured and (not chosen or self._configured != configured_then):
            return self._configured, "this file"
        return chosen.strip(), "chosen in the palette" if chosen else ""

    def save(self, name: str) -> None:
        """Remember a theme chosen in the palette; a failure to do so is ignored."""
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            files.replace(self._file, f"{name}\n{self._configured}".encode())


def why_unknown(name: str) -> str:
    """Return that there is no theme of this name, with the nearest; empty if there is, or none."""
    of_textual = (theme for theme in BUILTIN_THEMES.values() if not theme.ansi)
    known = {theme.name for theme in (*THEMES, *of_textual)}
    if not name or name in known:
        return ""
    return f"no theme {name!r:.60}; {did_you_mean(name, known) or 'the palette lists them'}"


def css_variables(variables: Mapping[str, str], theme: Theme) -> dict[str, str]:
    """Return what our style sheets need beside Textual's ``variables`` of a theme."""
    ground = variables["background"] if theme.dark else BLACK.hex
    exact = {name: value for name in _NAMED if (value := getattr(theme, name))}
    variables = {**variables, **exact}  # Textual's are off by one
    bar = variables["panel"]
    if contrast(Color.parse(bar), Color.parse(variables["foreground"])) < LEAST_CONTRAST:
        bar = variables["background"]
    variables["bar"] = bar
    variables["fill-ground"] = _blend(variables, "primary", FILL_SHARE).hex
    return {
        **exact,
        **{name: variables[name] for name in ("bar", "fill-ground")},
        **{name: _colour(name, variables).hex for name in ("quiet", "rule", "focus", "key")},
        "picture-ground": Color.parse(ground).hex,
        "cursor-ground": _blend(variables, "foreground", 0.25).hex,
        **_class_colours(variables),
    } | theme.variables


def role_styles(variables: Mapping[str, str]) -> dict[str, Style]:
    """Return the style of each role, of ``class0`` to ``class9``, cursor, fill and current tab.

    ``variables`` are those of a theme, with `css_variables`.
    """
    roles = {
        name: Style(color=_colour(name, variables).hex, bold=role.is_bold or None)
        for name, role in ROLES.items()
    }
    classes = {name: Style(color=colour) for name, colour in _class_colours(variables).items()}
    cursor = Style(bgcolor=variables["cursor-ground"])
    # Reversed: on 16 colours bold text of the background's colour would be grey.
    key, ground = _colour("key", variables).hex, variables["background"]
    tab = Style(color=key, bgcolor=ground, bold=True, reverse=True)
    fill = Style(bgcolor=variables["fill-ground"])
    return {**roles, **classes, "cursor": cursor, "fill": fill, "tab": tab}


def heat_ramp(theme: str, variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return colours from nothing to the largest value; 256-colour terminals have those of ours."""
    if theme in _HEAT:
        return tuple(_HEAT[theme].split())
    shares = [level / (_HEAT_LEVELS - 1) for level in range(_HEAT_LEVELS)]
    return tuple(_blend(variables, "primary", share).hex for share in shares)


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio of two opaque colours, 1 to 21 (WCAG 2, section 1.4.3)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _colour(name: str, variables: Mapping[str, str]) -> Color:
    if named := variables.get(name):
        return Color.parse(named)
    role = ROLES[name]
    colour = _blend(variables, role.variable, role.share)
    return _readable(colour, variables) if role.is_text else colour


def _class_colours(variables: Mapping[str, str]) -> dict[str, str]:
    colours = {f"class{number}": colour for number, colour in enumerate(CLASS_COLOURS)}
    return {
        name: variables.get(name) or _readable(Color.parse(colour), variables).hex
        for name, colour in colours.items()
    }


def _blend(variables: Mapping[str, str], variable: str, share: float) -> Color:
    return Color.parse(variables["background"]).blend(Color.parse(variables[variable]), share)


def _readable(colour: Color, variables: Mapping[str, str]) -> Color:
    """Return the colour, as much lighter or darker as its contrast with all grounds demands."""
    grounds = [Color.parse(variables[name]) for name in ("background", "bar", "fill-ground")]
    end = WHITE if _luminance(grounds[0]) < 0.18 else BLACK
    for percent in range(0, 101, 5):
        tried = colour.blend(end, percent / 100)
        if all(contrast(tried, ground) >= LEAST_CONTRAST for ground in grounds):
            return tried
    return end


def _luminance(colour: Color) -> float:
    """Return the relative luminance of sRGB, 0 to 1."""
    red, green, blue = map(linear, colour.rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
