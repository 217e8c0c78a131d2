"""The command that tells what terminal, machine and torch can do."""

import contextlib
import dataclasses
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vae_tui.cli.options import data_dir_option, debug_option, option, runs_dir_option

if TYPE_CHECKING:
    from vae_tui.doctor.environment import Surroundings
    from vae_tui.doctor.finding import Finding

_MARGIN = 20
_LEAST_WIDTH = 50
_SIGNS = {"ok": ("ok", 32), "note": ("note", 33), "problem": ("PROBLEM", 31)}


@click.command()
@runs_dir_option
@data_dir_option
@option("--timeout", type=float, default=20.0, show_default=True, metavar="SECONDS",
        help="How long torch may take to answer.")  # fmt: skip
@option("--json", "as_json", is_flag=True, help="One object.")
@debug_option
def doctor(runs_dir: Path, data_dir: Path | None, timeout: float, as_json: bool) -> int:
    """Look at terminal, machine and torch; exit code 1 if something would stop a run."""
    from vae_tui.doctor.colour_card import card
    from vae_tui.doctor.colours import colours_in_use
    from vae_tui.doctor.environment import look
    from vae_tui.doctor.folder_findings import count_runs, judge_data, judge_runs, look_at
    from vae_tui.doctor.link_findings import judge_link, measure
    from vae_tui.doctor.package_findings import judge_packages, look_at_packages
    from vae_tui.doctor.terminal_findings import judge_terminal
    from vae_tui.doctor.torch_findings import available_memory, judge_memory, judge_torch
    from vae_tui.doctor.torch_probe import Asking
    from vae_tui.terminal.capabilities import is_unicode

    here = look(os.environ)
    asking = Asking()  # the slow part; everything else is told meanwhile
    told: list[Finding] = []
    with contextlib.closing(asking):
        tell = _Teller(told, here, quiet=as_json)
        tell(judge_terminal(here))
        if here.stdout and not as_json:
            unicode = is_unicode(here.environment) and "utf" in here.encoding.lower()
            colours = colours_in_use(here.environment).system
            _print(*card(colours, unicode))
            if here.stdin and here.is_direct:
                tell(judge_link(measure(0, 1, load=colours in ("256", "truecolor"))))
        runs, data = look_at(runs_dir), look_at(_data_folder(data_dir))
        counted = count_runs(runs_dir)
        tell(judge_runs(runs, *counted))
        tell(judge_data(data))
        packages = look_at_packages()
        tell(judge_packages(packages))
        tell(judge_memory(available_memory()))
        answer = asking.answer(timeout)
        tell(judge_torch(answer))
    problems = sum(finding.level == "problem" for finding in told)
    if as_json:
        _print_json(told, terminal=here, runs=runs, data=data, packages=packages, torch=answer)
    else:
        notes = sum(finding.level == "note" for finding in told)
        counts = ((problems, "problem"), (notes, "note"))
        words = [f"{count} {word}{'s' * (count != 1)}" for count, word in counts if count]
        _print(", ".join(words) or "all is well")
    return 1 if problems else 0


class _Teller:
    """Prints findings as they come, and keeps them."""

    def __init__(self, told: "list[Finding]", here: "Surroundings", *, quiet: bool) -> None:
        self._told, self._quiet = told, quiet
        self._colour = here.stdout and _in_colour(here.environment)
        self._width = max(here.columns - 1, _LEAST_WIDTH) if here.stdout else sys.maxsize

    def __call__(self, findings: "Iterable[Finding]") -> None:
        for finding in findings:
            self._told.append(finding)
            if not self._quiet:
                _print(*self._lines(finding))

    def _lines(self, finding: "Finding") -> Iterator[str]:
        from textwrap import wrap

        from vae_tui.text import printable

        word, code = _SIGNS[finding.level]
        sign = f"\x1b[{code}m{word:8}\x1b[0m" if self._colour else f"{word:8}"
        first, *others = wrap(printable(finding.text), self._width - _MARGIN) or [""]
        yield f"{sign}{finding.about:12}{first}"
        for line in others:
            yield " " * _MARGIN + line
        for line in finding.mend:  # never wrapped: it is there to be copied
            yield f"{'-> ':>{_MARGIN}}{printable(line)}"


def _data_folder(data_dir: Path | None) -> Path:
    if data_dir:
        return data_dir
    try:
        from platformdirs import user_cache_path
    except ImportError:  # said among the packages
        return Path("~/.cache/vae-tui").expanduser()
    return user_cache_path("vae-tui")


def _in_colour(environment: Any) -> bool:
    return "NO_COLOR" not in environment and environment.get("TERM", "dumb") != "dumb"


def _print(*lines: str) -> None:
    encoding = sys.stdout.encoding or "ascii"
    for line in lines:
        # A path may hold what the terminal's character set does not.
        click.echo(line.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def _print_json(told: "list[Finding]", **looked_at: Any) -> None:
    import json

    from vae_tui.doctor.colours import colours_in_use

    facts = {name: dataclasses.asdict(value) for name, value in looked_at.items()}
    colours = colours_in_use(facts["terminal"]["environment"])
    facts["terminal"]["colours"] = dataclasses.asdict(colours)
    facts["torch"].pop("_reached")
    findings = [dataclasses.asdict(finding) for finding in told]
    problems = sum(finding["level"] == "problem" for finding in findings)
    click.echo(json.dumps({"problems": problems, "findings": findings, **facts}, indent=2))
