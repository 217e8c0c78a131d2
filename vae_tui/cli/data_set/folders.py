"""The folders that hold data sets."""

import shlex
from pathlib import Path

from vae_tui.data.catalogue import is_present, resolve
from vae_tui.errors import VaeTuiError
from vae_tui.run.config import RunConfig


def folder_for_data(data_dir: Path | None) -> Path:
    """Return ``data_dir``, else the user's cache."""
    if data_dir:
        return data_dir
    try:
        from platformdirs import user_cache_path
    except ImportError:  # doctor reports it
        return Path("~/.cache/vae-tui").expanduser()
    return user_cache_path("vae-tui")


def folder_of_data(config: RunConfig, data_dir: Path | None) -> str:
    """Return the folder that holds a run's data set; VaeTuiError if there is none.

    It is looked for in ``data_dir``, in the config's folder and in the user's cache. A user's own
    images are converted again, unless they have changed since the run began.
    """
    given = [data_dir.absolute()] if data_dir else []
    folders = [*given, Path(config.data_dir), folder_for_data(None)]
    for folder in folders:
        if is_present(resolve(config.dataset, folder), folder, config.data_checksum):
            return str(folder)
    if config.data_checksum:
        from vae_tui.cli.data_set.own_images import convert_again

        convert_again(config, folders[0])
        return str(folders[0])
    where = f" --data-dir {shlex.quote(str(data_dir))}" if data_dir else ""
    raise VaeTuiError(
        f"{config.dataset} is not in {folders[0]}; give its folder with --data-dir, "
        f"or fetch it: vae-tui --dataset {config.dataset}{where} --epochs 1"
    )
