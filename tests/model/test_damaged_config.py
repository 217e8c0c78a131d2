import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file
from support.tiny_runs import TINY, tiny_config

from vae_tui.errors import UsageError
from vae_tui.model import config_or_fallback
from vae_tui.run.config import RunConfig, to_json
from vae_tui.run.control import RunSteering
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import all_runs, create, find

KNOWN = tiny_config(model="ae", reconstruction="mse", beta=4.0, seed=7, lr=0.01)


def damaged(folder, text: str | bytes) -> Run:
    run = create(folder, None, KNOWN)
    (run.path / "config.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    return run


def test_a_whole_config_is_taken_as_it_is(tmp_path):
    assert config_or_fallback(create(tmp_path, None, TINY)) == (TINY, "")


def test_of_a_torn_config_what_stands_before_the_tear_is_left(tmp_path):
    text = to_json(KNOWN)
    torn = text[: text.index('"seed"')]
    run = damaged(tmp_path, torn)
    config, wrong = config_or_fallback(run)
    assert (config.model, config.reconstruction, config.beta, config.lr) == ("ae", "mse", 4.0, 0.01)
    assert config.seed == 1
    assert str(run.path / "config.json") in wrong
    assert f"line {len(torn.splitlines())} column 3" in wrong


def test_of_a_config_with_one_wrong_field_the_others_are_left(tmp_path):
    text = json.dumps({**json.loads(to_json(KNOWN)), "epochs": -3})
    config, wrong = config_or_fallback(damaged(tmp_path, text))
    assert config == tiny_config(
        model="ae", reconstruction="mse", beta=4.0, seed=7, lr=0.01, epochs=1
    )
    assert "--epochs must be 1 or more, not -3" in wrong


def test_the_sizes_of_the_network_are_those_of_its_weights(tmp_path):
    run = damaged(tmp_path, "")
    shapes = {"encoder.2.weight": (8, 16), "decoder.0.weight": (16, 4)}
    save_file({name: np.zeros(shape, np.float32) for name, shape in shapes.items()}, run.weights)
    config, _ = config_or_fallback(run)
    assert (config.latent_dim, config.hidden) == (4, 16)


def test_a_gaussian_run_without_that_field_is_damaged_and_opens_as_gaussian(tmp_path):
    run = create(tmp_path, None, tiny_config(reconstruction="gaussian"))
    file = run.path / "config.json"
    file.write_text(file.read_text().replace('"reconstruction"', '"reconstruktion"'))
    shapes = {"encoder.2.weight": (8, 16), "decoder.0.weight": (16, 4), "scaled_log_variance": (1,)}
    save_file({name: np.zeros(shape, np.float32) for name, shape in shapes.items()}, run.weights)
    config, wrong = config_or_fallback(run)
    assert wrong == f"{file} cannot be read: reconstruction is missing"
    assert config.reconstruction == "gaussian"


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", "\0" * 99, '{"dataset": "\x1b[2J"}', b"\xff"]
)
def test_of_what_is_no_config_at_all_there_is_a_config_all_the_same(tmp_path, text):
    config, wrong = config_or_fallback(damaged(tmp_path, text))
    assert isinstance(config, RunConfig) and config.dataset == "unknown"
    assert "config.json cannot be read" in wrong


@given(content=st.binary(max_size=300), weights=st.binary(max_size=300))
def test_nothing_that_stands_in_the_files_is_too_much(tmp_path_factory, content, weights):
    run = damaged(tmp_path_factory.mktemp("runs"), content)
    run.weights.write_bytes(weights)
    assert isinstance(config_or_fallback(run)[0], RunConfig)


def test_a_run_without_any_config_is_found_and_shown_as_far_as_it_goes(tmp_path):
    run = damaged(tmp_path, "")
    (run.path / "config.json").unlink()
    assert all_runs(tmp_path) == []
    run.events.touch()
    assert find(tmp_path, run.name) == run
    assert "config.json cannot be read: No such file" in config_or_fallback(run)[1]


def test_a_run_whose_config_is_damaged_is_not_gone_on_with(tmp_path):
    run = damaged(tmp_path, "{")
    with pytest.raises(UsageError, match=r"config\.json cannot be read"):
        RunSteering(run, config_or_fallback(run)[0]).restart()
    assert [file.name for file in run.path.iterdir()] == ["config.json"]
