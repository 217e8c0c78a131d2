"""``vae-tui doctor``: checks the terminal, the machine and torch."""

import contextlib
import dataclasses
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from vae_tui.cli.data_set.folders import folder_for_data
from vae_tui.cli.options import data_dir_option, option, runs_dir_option
from vae_tui.cli.user_config.config_file import config_findings
from vae_tui.text import printable

if TYPE_CHECKING:
    from vae_tui.doctor.finding import Finding
    from vae_tui.doctor.terminal_findings import TerminalEnvironment

_MARGIN = 20
_LEAST_WIDTH = 50
_SIGNS = {"ok": ("ok", 32), "note": ("note", 33), "problem": ("PROBLEM", 31)}


@click.command()
@runs_dir_option
@data_dir_option
@option("--timeout", type=float, default=20.0, metavar="SECONDS",
        help="How long torch may take to answer.")  # fmt: skip
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(runs_dir: Path, data_dir: Path | None, timeout: float, as_json: bool) -> int:
    """Check the terminal, the machine and torch.

    The exit code is 1 if something would stop a run.
    """
    from vae_tui.doctor import folder_findings as folders
    from vae_tui.doctor.colour_card import card
    from vae_tui.doctor.link_findings import link_findings, measure
    from vae_tui.doctor.package_findings import package_findings, read_packages
    from vae_tui.doctor.terminal_findings import read_environment, terminal_findings
    from vae_tui.doctor.torch_findings import memory_findings, torch_findings
    from vae_tui.doctor.torch_probe import start_probe
    from vae_tui.run.machine.memory import available_memory
    from vae_tui.terminal import capabilities

    here = read_environment(os.environ)
    colours = capabilities.colours_in_use(here.environment)
    report = _Report(here, quiet=as_json)
    # torch takes seconds: everything else is reported meanwhile.
    with contextlib.closing(start_probe()) as probe:
        report.add(terminal_findings(here))
        if here.stdout and not as_json:
            unicode = capabilities.is_unicode(here.environment, here.encoding)
            _print(*card(colours.system, unicode))
            if here.stdin and not capabilities.is_multiplexed(here.environment):
                has_palette = colours.system in (capabilities.PALETTE, capabilities.TRUECOLOR)
                report.add(link_findings(measure(0, 1, load=has_palette)))
        report.add(config_findings())
        runs, data = folders.read_folder(runs_dir), folders.read_folder(folder_for_data(data_dir))
        report.add(folders.runs_findings(runs, *folders.count_runs(runs_dir)))
        report.add(folders.data_findings(data))
        packages = read_packages()
        report.add(package_findings(packages))
        report.add(memory_findings(available_memory()))
        torch = probe.report(timeout)
        report.add(torch_findings(torch))
    if as_json:
        values = {
            "problems": report.count("problem"),
            "findings": [dataclasses.asdict(finding) for finding in report.findings],
            "terminal": {**dataclasses.asdict(here), "colours": dataclasses.asdict(colours)},
            "runs": dataclasses.asdict(runs),
            "data": dataclasses.asdict(data),
            "packages": dataclasses.asdict(packages),
            "torch": dataclasses.asdict(torch),
        }
        click.echo(json.dumps(values, indent=2))
    else:
        _print(report.summary())
    return 1 if report.count("problem") else 0


class _Report:
    """Collects findings, and prints them as they come unless ``quiet``."""

    def __init__(self, here: "TerminalEnvironment", *, quiet: bool) -> None:
        self.findings: list[Finding] = []
        self._quiet = quiet
        term = here.environment.get("TERM", "dumb")
        self._colour = here.stdout and "NO_COLOR" not in here.environment and term != "dumb"
        self._width = max(here.columns - 1, _LEAST_WIDTH) if here.stdout else sys.maxsize

    def add(self, findings: "Iterable[Finding]") -> None:
        for finding in findings:
            self.findings.append(finding)
            if not self._quiet:
                _print(*self._lines(finding))

    def count(self, level: str) -> int:
        return sum(finding.level == level for finding in self.findings)

    def summary(self) -> str:
        counts = [(self.count(level), level) for level in ("problem", "note")]
        words = [f"{count} {level}{'s' * (count != 1)}" for count, level in counts if count]
        return ", ".join(words) or "no problems"

    def _lines(self, finding: "Finding") -> Iterator[str]:
        word, code = _SIGNS[finding.level]
        first, *others = wrap(
            printable(finding.text),
            self._width,
            initial_indent=f"{word:8}{finding.about:12}",
            subsequent_indent=" " * _MARGIN,
        )
        yield f"\x1b[{code}m{first[:8]}\x1b[0m{first[8:]}" if self._colour else first
        yield from others
        for line in finding.fix:  # never wrapped, so that it can be copied
            yield f"{'-> ':>{_MARGIN}}{printable(line)}"


def _print(*lines: str) -> None:
    encoding = sys.stdout.encoding or "ascii"
    for line in lines:
        # A path may hold characters that the encoding lacks.
        click.echo(line.encode(encoding, "replace").decode(encoding))
