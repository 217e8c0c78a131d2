"""Entry point of the trainer process: ``python -m vae_tui.worker FOLDER``, also under torchrun."""

from vae_tui.training.process import main
from vae_tui.training.ranks import Ranks

if __name__ == "__main__":
    Ranks.from_environment().end(main())
