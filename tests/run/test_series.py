"""A metric is a row of the table: events, CSV, JSON lines and charts follow."""

import csv
import dataclasses
import io
import json

import numpy as np
import pytest
from support.logs import epoch_ended, losses, run_with, started

from vae_tui.cli.headless import follow
from vae_tui.export.losses_csv import losses_csv
from vae_tui.run import series
from vae_tui.run.events import decode, encode
from vae_tui.run.progress import Progress, advance
from vae_tui.run.series import TEST_LOSS, TEST_LOSS_AT_MEAN, TRAIN_LOSS, Metric
from vae_tui.tui.state import run_view
from vae_tui.tui.views.loss_curves import chart_curves, chart_title

DUMMY = Metric(
    name="dummy", per="step", label="dummy", unit="bits", chart="dummies", column="dummy"
)


def test_a_new_series_is_one_row_and_is_in_the_csv_in_json_and_in_a_chart(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(series, "SERIES", (*series.SERIES, DUMMY))
    happened = [dataclasses.replace(losses(step), more={"dummy": 10.0 + step}) for step in (1, 2)]
    run = run_with(tmp_path, started(), *happened)
    config = run.config()

    rows = list(csv.DictReader(io.StringIO(b"".join(losses_csv(run, config)).decode())))
    assert [row["dummy"] for row in rows] == ["11.0", "12.0"]

    follow(run, config, as_json=True)
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["dummy"] for one in printed if one["event"] == "losses_measured"] == [11.0, 12.0]

    read = [decode(line) for line in run.events.read_bytes().splitlines()]
    view = run_view.advance(run_view.RunView("run", config), filter(None, read))
    (curve,) = chart_curves("dummies", view, smooth=False, recent=False)
    np.testing.assert_array_equal(curve.ys, [11.0, 12.0])
    assert (chart_title("dummies", view), series.charts()[-1]) == ("dummy bits", "dummies")


def test_a_new_series_of_the_tests_is_drawn_as_points(tmp_path, monkeypatch):
    row = Metric(name="fid", per="epoch", chart="kl", role="test", column="fid")
    monkeypatch.setattr(series, "SERIES", (*series.SERIES, row))
    run = run_with(tmp_path, started(), dataclasses.replace(epoch_ended(1, 9.0), more={"fid": 3.5}))
    read = [decode(line) for line in run.events.read_bytes().splitlines()]
    view = run_view.advance(run_view.RunView("run", run.config()), filter(None, read))
    curves = chart_curves("kl", view, smooth=False, recent=False)
    assert curves[-1].kind == "points" and list(curves[-1].ys) == [3.5]
    (csv_row,) = csv.DictReader(io.StringIO(b"".join(losses_csv(run, run.config())).decode()))
    assert csv_row["fid"] == "3.5"


def test_a_field_that_the_table_does_not_know_is_ignored():
    line = encode(losses(3)).replace(b"}", b',"unknown":1.0}')
    assert decode(line) == losses(3)


def test_a_series_that_an_older_log_lacks_is_drawn_nowhere(tmp_path):
    view = run_view.advance(run_view.RunView("run", run_with(tmp_path).config()), [losses(3)])
    (curve,) = chart_curves("gradient_norm", view, smooth=False, recent=False)
    assert np.isnan(curve.ys).all()


@pytest.mark.parametrize(("model", "kl"), [("vae", 2.0), ("ae", 0.0)])
def test_a_loss_is_the_sum_of_both_terms_and_an_auto_encoders_has_no_kl(tmp_path, model, kl):
    config = run_with(tmp_path, model=model).config()
    event = epoch_ended(1, 120.5)  # its KL of the test is 2, that of the training 1
    assert TEST_LOSS.value(event, config) == 120.5 + kl
    assert TEST_LOSS_AT_MEAN.value(event, config) == event.test_bce_at_mean + kl
    assert TRAIN_LOSS.value(event, config) == event.train_bce + kl / 2
    progress = advance(Progress("run", config), event)
    assert progress.last_test_loss == progress.best_test_loss == 120.5 + kl


def test_the_columns_of_the_csv_file_keep_their_names_and_their_order(tmp_path):
    run = run_with(tmp_path, started(), losses(1), latent_dim=2, reconstruction="mse")
    header = b"".join(losses_csv(run, run.config())).decode().splitlines()[0]
    assert header.split(",") == [
        *("event", "time_unix_seconds", "step", "epoch"),
        *("train_half_squared_error_nats_per_image", "train_kl_nats_per_image"),
        *("beta", "lr", "images_per_second", "gradient_norm"),
        *("test_half_squared_error_nats_per_image", "test_kl_nats_per_image"),
        *("test_half_squared_error_at_mean_nats_per_image", "active_units", "seconds"),
        *("test_kl_z1_nats_per_image", "test_kl_z2_nats_per_image"),
    ]


@pytest.mark.parametrize(("free_bits", "columns", "labels"), [
    (0.0, ["train_kl_nats_per_image"], ["train", "test"]),
    (0.1, ["train_kl_nats_per_image", "train_kl_in_loss_nats_per_image"],
     ["train", "in the loss", "test"]),
])  # fmt: skip
def test_the_kl_in_the_loss_is_in_the_csv_and_the_chart_of_runs_with_free_bits_only(
    tmp_path, free_bits, columns, labels
):
    more = {"kl_in_loss": 2.5} if free_bits else {}
    measured = dataclasses.replace(losses(1), more=more)
    run = run_with(tmp_path, started(), measured, free_bits=free_bits)
    (row,) = csv.DictReader(io.StringIO(b"".join(losses_csv(run, run.config())).decode()))
    assert [name for name in row if name.startswith("train_kl")] == columns
    assert row.get("train_kl_in_loss_nats_per_image", "2.5") == "2.5"
    view = run_view.advance(run_view.RunView("run", run.config()), [started(), measured])
    curves = chart_curves("kl", view, smooth=False, recent=False)
    assert [curve.label for curve in curves] == labels
