"""Which packages a program loads, in an interpreter of its own."""

import subprocess
import sys


def modules_after(code: str, *arguments: str) -> set[str]:
    """Return the top-level packages in a fresh interpreter after running ``code``."""
    report = "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules}, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code + report, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split("\n"))


def modules_after_command(*arguments: object) -> set[str]:
    """Return the same after ``vae-tui`` with these arguments, which has to succeed."""
    return modules_after(
        "from vae_tui.cli.main import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code",
        *map(str, arguments),
    )
