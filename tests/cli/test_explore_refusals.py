"""Wrong arguments to the commands that draw and export: one line and an exit code."""

import re
from pathlib import Path

from support.explored_runs import KEPT, called, explored_run

from vae_tui.run.folder import Run


def bad_lines(run: Run, folder: Path) -> dict[str, list[str]]:
    """Return command lines that cannot be obeyed, each under a part of what is answered."""
    path, file = str(run.path), ["-o", str(folder / "x.png")]
    classes = "give a class from 0 to 9, or a test image from '#0' to '#149'"
    return {
        f"'10' is not an image to morph: {classes}": ["morph", path, "10", "3", *file],
        f"'seven' is not an image to morph: {classes}": ["morph", path, "3", "seven", *file],
        f"'#150' is not an image to morph: {classes}": ["morph", path, "3", "#150", *file],
        "--steps must be 2 to 200, not 1": ["morph", path, "3", "8", "--steps", "1", *file],
        "--path 'slurp': did you mean slerp?": ["morph", path, "3", "8", "--path", "slurp", *file],
        "--z needs 4 numbers separated by commas, one for each latent dimension; there are 3": [
            *("decode", path, "--z", "-1,2,3", *file)
        ],
        "--z needs 4 numbers separated by commas; number 2 is 'b'": [
            *("decode", path, "--z", "1,b,3,4", *file)
        ],
        "Missing option '--z'": ["decode", path, *file],
        "step 30 was not kept; the nearest are 20 and 60": [
            *("decode", path, "--z", "1,2,3,4", "--step", "30", *file)
        ],
        "step 61 was not kept; the nearest is 60": ["sample", path, "--step", "61", *file],
        "step -1 was not kept; the nearest is 0": ["map", path, "--step", "-1", *file],
        "step 2 was not kept; the nearest are 1 and 20": [
            *("export", path, "--step", "2", "-o", str(folder / "x.pt"))
        ],
        "step 3 was not kept; the nearest are 1 and 20": ["eval", path, "--step", "3"],
        "-n must be 1 to 10000, not 0": ["sample", path, "-n", "0", *file],
        "'many' is not a valid integer": ["sample", path, "-n", "many", *file],
        "--temperature must be 0 to 100, not -1": [*("sample", path, "--temperature", "-1", *file)],
        "--method 'umap': it can be pca, tsne": ["map", path, "--method", "umap", *file],
        "the name must end in .png, ": ["sample", path, "-o", str(folder / "x.gif")],
        "the name must end in .png or .gif": ["morph", path, "3", "8", "-o", str(folder / "x")],
        "the name must end in .pt or .safetensors or .csv": ["export", path, *file],
        "Missing option '--output'": ["export", path],
        f"weights.safetensors is a file of the run {run.name}": [
            *("export", path, "-o", str(run.weights))
        ],
        f"20.safetensors is a file of the run {run.name}": [
            *("export", path, "-o", str(run.kept_weights(20)))
        ],
        "there is no folder": ["sample", path, "-o", str(folder / "none" / "x.png")],
        "x.png cannot be written: ": ["sample", path, "-o", "/proc/x.png"],
        "stdout is not a terminal: write to a file with -o FILE.png": ["sample", path],
        "not a terminal: write to a file with -o FILE.png": ["map", path],
        "--step selects weights": ["export", path, "--step", "1", "-o", str(folder / "x.csv")],
        "--samples must be 0 to 100000, not -3": ["eval", path, "--samples", "-3"],
        "--device 'gpu': did you mean cpu? it can be auto": ["eval", path, "--device", "gpu"],
        "no run 'nobody'": ["sample", "nobody", "--runs-dir", str(run.path.parent), *file],
    }


def test_every_bad_input_is_answered_in_one_line_with_exit_2(run, tmp_path):
    expected = bad_lines(run, tmp_path)
    answers = called(*expected.values())
    for (said, line), (code, out, err) in zip(expected.items(), answers, strict=True):
        assert said in err, (line, err)
        assert err.count("\n") == 1 and err.startswith("vae-tui: "), err
        assert (code, out) == (2, ""), line
    assert not list(tmp_path.iterdir())


def test_a_run_without_weights_is_refused_by_every_command(tmp_path):
    run = explored_run(tmp_path)
    for path in (run.weights, *map(run.kept_weights, KEPT)):
        path.unlink()
    out = ["-o", str(tmp_path / "x.png")]
    name = str(run.path)
    lines = [
        ["sample", name, *out], ["morph", name, "3", "8", *out], ["map", name, *out],
        ["decode", name, "--z", "1,2,3,4", *out], ["eval", name],
        ["export", name, "-o", str(tmp_path / "x.pt")],
    ]  # fmt: skip
    for answer in called(*lines):
        assert answer == (
            2, "", f"vae-tui: one has no weights yet; watch it with: vae-tui attach {name}\n",
        )  # fmt: skip


def test_damaged_weights_and_a_lost_data_set_are_one_line_each(tmp_path):
    run = explored_run(tmp_path, dataset="mnist")
    run.weights.write_bytes(b"\x80\x04evil")
    damaged, lost = called(
        ["sample", str(run.path), "-o", str(tmp_path / "x.png")],
        ["eval", str(run.path), "--data-dir", str(tmp_path)],
    )
    assert damaged[0] == lost[0] == 1
    assert re.fullmatch(r"vae-tui: \S+weights\.safetensors cannot be read: .*\n", damaged[2])
    assert f"mnist is not in {tmp_path}; give its folder with --data-dir" in lost[2]
    assert lost[2].count("\n") == 1
