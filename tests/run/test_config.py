import json
import math
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tiny_runs import TINY, tiny_config

from vae_tui.errors import UsageError
from vae_tui.run.config import RunConfig, from_json, to_json

DEFAULTS = RunConfig(dataset="digits", data_dir="data", epochs=1)


def complaint(**changes: object) -> str:
    with pytest.raises(UsageError) as raised:
        tiny_config(**changes)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_the_defaults_are_the_courses():
    config = RunConfig(dataset="mnist", data_dir="/data", epochs=20)
    assert asdict(config) == {
        "dataset": "mnist",
        "data_dir": "/data",
        "epochs": 20,
        "batch_size": 256,
        "lr": 1e-3,
        "beta": 1.0,
        "warmup": 0.0,
        "kl_schedule": "linear",
        "free_bits": 0.0,
        "latent_dim": 20,
        "hidden": 400,
        "model": "vae",
        "reconstruction": "bce",
        "seed": 1,
        "device": "auto",
        "precision": "auto",
        "nproc": 1,
        "architecture": "mlp",
        "image_shape": {"height": 28, "width": 28, "channels": 1},
        "threads": 0,
        "data_checksum": "",
        "classes": (),
        "tensorboard": False,
        "shuffle_block": 0,
        "shuffle_window": 0,
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"epochs": 0}, "--epochs must be 1 or more, not 0; the nearest is 1"),
        ({"epochs": -3}, "--epochs must be 1 or more, not -3; the nearest is 1"),
        (
            {"epochs": 2_000_000},
            "--epochs must be 1000000 or less, not 2000000; the nearest is 1000000",
        ),
        ({"batch_size": 0}, "--batch-size must be 1 or more, not 0; the nearest is 1"),
        ({"lr": 0.0}, "--lr must be above 0, not 0; try 0.001"),
        ({"lr": -1.0}, "--lr must be above 0, not -1; try 0.001"),
        ({"lr": 11.0}, "--lr must be 10 or less, not 11; the nearest is 10"),
        ({"lr": math.inf}, "--lr must be 10 or less, not inf; the nearest is 10"),
        ({"lr": math.nan}, "--lr must be above 0, not nan; try 0.001"),
        ({"beta": -0.5}, "--beta must be 0 or more, not -0.5; the nearest is 0"),
        ({"beta": math.inf}, "--beta must be 1e+06 or less, not inf; the nearest is 1e+06"),
        ({"beta": -math.inf}, "--beta must be 0 or more, not -inf; the nearest is 0"),
        ({"warmup": -1.0}, "--warmup must be 0 or more, not -1; the nearest is 0"),
        ({"free_bits": -0.1}, "--free-bits must be 0 or more, not -0.1; the nearest is 0"),
        ({"free_bits": 101.0}, "--free-bits must be 100 or less, not 101; the nearest is 100"),
        (
            {"free_bits": 0.1, "model": "ae"},
            "--free-bits needs a KL in the loss; --model ae has none; omit one",
        ),
        (
            {"kl_schedule": "cyclical"},
            "--kl-schedule cyclical needs --warmup, the epochs of a cycle; try 10",
        ),
        (
            {"kl_schedule": "constant", "warmup": 2.0},
            "--kl-schedule constant has no --warmup; omit one of the two",
        ),
        (
            {"kl_schedule": "cyclic", "warmup": 2.0},
            "--kl-schedule 'cyclic': did you mean cyclical? it can be constant, linear, cyclical",
        ),
        ({"latent_dim": 0}, "--latent-dim must be 1 or more, not 0; the nearest is 1"),
        ({"latent_dim": 785}, "--latent-dim must be 784 or less, not 785; the nearest is 784"),
        ({"hidden": 10**6}, "--hidden must be 65536 or less, not 1000000; the nearest is 65536"),
        ({"seed": -1}, "--seed must be 0 or more, not -1; the nearest is 0"),
        (
            {"seed": 2**63},
            f"--seed must be {2**63 - 1} or less, not {2**63}; the nearest is {2**63 - 1}",
        ),
        ({"nproc": 0}, "--nproc must be 1 or more, not 0; the nearest is 1"),
        ({"model": "vea"}, "--model 'vea': did you mean vae? it can be vae, ae"),
        ({"model": "VAE"}, "--model 'VAE': did you mean vae? it can be vae, ae"),
        ({"reconstruction": "l2"}, "--reconstruction 'l2': it can be bce, mse, gaussian"),
        (
            {"precision": "fp16"},
            "--precision 'fp16': did you mean bf16? it can be auto, fp32, tf32, bf16",
        ),
        (
            {"device": "gpu"},
            "--device 'gpu': did you mean cpu? it can be auto, cpu, cuda, cuda:0, mps",
        ),
        (
            {"device": "cuda:x"},
            "--device 'cuda:x': did you mean cuda:0? it can be auto, cpu, cuda, cuda:0, mps",
        ),
    ],
)
def test_a_wrong_value_is_one_line_with_the_nearest_right_one(changes, said):
    assert complaint(**changes) == said


@pytest.mark.parametrize("name", ["seed", "epochs", "hidden", "batch_size", "nproc"])
def test_a_number_of_hundreds_of_digits_is_one_line_too(name):
    assert len(complaint(**{name: 10**400})) < 200
    assert len(complaint(**{name: -(10**400)})) < 200


@pytest.mark.parametrize(
    "changes",
    [
        {"lr": 10.0},
        {"beta": 0.0},
        {"latent_dim": 784},
        {"seed": 2**63 - 1},
        {"epochs": 1},
        {"device": "cuda:12"},
        {"device": "mps"},
    ],
)
def test_a_value_at_the_end_of_its_range_is_taken(changes):
    assert asdict(tiny_config(**changes)).items() >= changes.items()


@given(
    st.builds(
        RunConfig,
        dataset=st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True),
        data_dir=st.text(st.characters(codec="utf-8", exclude_characters="\0")),
        epochs=st.integers(1, 10**6),
        lr=st.floats(1e-12, 10),
        beta=st.floats(0, 1e6),
        warmup=st.floats(0, 1e6),
        latent_dim=st.integers(1, 784),
        seed=st.integers(0, 2**63 - 1),
        model=st.sampled_from(["vae", "ae"]),
        device=st.sampled_from(["auto", "cpu", "cuda:3"]),
    )
)
def test_a_config_comes_back_from_its_file(config):
    assert from_json(to_json(config, versions={"torch": "2"}, created=1.5)) == config


@pytest.mark.parametrize("name", ["", "MNIST", "a b", "\x1b]0;owned\x07", "x" * 41])
def test_a_data_set_whose_name_could_steer_a_terminal_is_refused(name):
    with pytest.raises(UsageError, match="is not the name of a data set"):
        replace(TINY, dataset=name)


@pytest.mark.parametrize("missing", ["kl_schedule", "free_bits", "threads", "tensorboard"])
def test_a_field_that_an_older_version_did_not_write_has_its_default(missing):
    record = json.loads(to_json(TINY))
    del record[missing]
    assert from_json(json.dumps(record)) == replace(TINY, **{missing: getattr(DEFAULTS, missing)})


@pytest.mark.parametrize("missing", ["reconstruction", "model", "beta", "warmup", "seed"])
def test_a_field_that_every_version_wrote_is_missing_unless_the_file_is_old(missing):
    record = json.loads(to_json(tiny_config(reconstruction="gaussian", model="ae", beta=4.0)))
    del record[missing]
    with pytest.raises(UsageError, match=f"^{missing} is missing$"):
        from_json(json.dumps(record))
    del record["architecture"]
    assert getattr(from_json(json.dumps(record)), missing) == getattr(DEFAULTS, missing)


def test_a_whole_number_stands_for_a_float():
    config = from_json(json.dumps({**json.loads(to_json(TINY)), "beta": 4}))
    assert config.beta == 4.0
    assert type(config.beta) is float


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"epochs": "3"}, "epochs should be int, not '3'"),
        ({"epochs": 3.0}, "epochs should be int, not 3.0"),
        ({"epochs": True}, "epochs should be int, not True"),
        ({"epochs": None}, "epochs should be int, not None"),
        ({"beta": "high"}, "beta should be float, not 'high'"),
        ({"beta": 10**400}, "beta is too large"),
        ({"dataset": ["mnist"]}, "dataset should be str, not a list"),
        ({"latent_dim": 0}, "--latent-dim must be 1 or more, not 0; the nearest is 1"),
    ],
)
def test_a_file_with_a_wrong_field_is_refused_by_name(changes, said):
    with pytest.raises(UsageError) as raised:
        from_json(json.dumps({**json.loads(to_json(TINY)), **changes}))
    assert str(raised.value) == said


@pytest.mark.parametrize("missing", ["dataset", "data_dir", "epochs"])
def test_a_file_without_a_field_that_has_no_default_is_refused_by_name(missing):
    record = json.loads(to_json(TINY))
    del record[missing]
    with pytest.raises(UsageError, match=f"^{missing} is missing$"):
        from_json(json.dumps(record))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", "null", '{"epochs": NaN', "[" * 100_000, '{"seed": ' + "1" * 5_000 + "}"],
)
def test_a_file_that_is_no_config_is_refused_in_one_line(text):
    with pytest.raises(UsageError) as raised:
        from_json(text)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("depth", [10, 300, 900, 990])
def test_a_field_nested_deeply_is_refused_in_one_line(depth):
    text = to_json(TINY).replace('"digits"', "[" * depth + "]" * depth)
    with pytest.raises(UsageError) as raised:
        from_json(text)
    assert "\n" not in str(raised.value)


def test_a_field_that_this_version_does_not_know_is_ignored():
    assert from_json(to_json(TINY, hidden_layers=3, created=1.0)) == TINY
