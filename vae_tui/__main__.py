"""``python -m vae_tui`` is ``vae-tui``."""

from vae_tui.cli.main import main

main()
