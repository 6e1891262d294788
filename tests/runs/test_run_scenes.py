"""A run of inverse graphics from preset to folder: what it leaves, refuses and goes on with."""

import io
import json
import os
import signal
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import equinox as eqx
import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from airscene import schema
from airscene.app.cli import main
from airscene.evaluation.renders import make_evaluate
from airscene.graphics import Likelihood, PlaneRenderer, RenderPool, SceneBatch
from airscene.paper.trained import trained
from airscene.runs.folder import InTheWay
from airscene.runs.presets import PRESETS
from airscene.runs.run import run as make_run
from airscene.runs.scene_source import WATCHED_SEED, draw_scenes
from airscene.runs.tasks import make_task
from airscene.runs.tasks.rendered import RenderedTask
from airscene.scene import load_scenes
from airscene.training.loop import Interrupted
from airscene.training.record import read_metrics

sys.path.insert(0, str(Path(__file__).parents[1] / "graphics"))
sys.path.insert(0, str(Path(__file__).parent))
import faulty  # noqa: E402
from recipes import check_recipe  # noqa: E402
from tiny_scenes import PRESET, WORLD, draw_with, type_train, use_shapes  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def shapes():
    with pytest.MonkeyPatch.context() as patch:
        use_shapes(patch)
        yield


def go(preset, folder, **options):
    return make_run(make_task(preset), folder, console=Console(file=io.StringIO()), **options)


def content(folder):
    files = [f for f in Path(folder).rglob("*") if f.is_file()]
    return {str(f.relative_to(folder)): f.read_bytes() for f in files}


@pytest.fixture(scope="module")
def run(tmp_path_factory, shapes):
    folder = tmp_path_factory.mktemp("runs") / "tiny-3"
    return folder, go(PRESET, folder)


def test_the_recipe_behaves_as_before(run):
    check_recipe("rendered", run[0])


def test_a_run_leaves_what_is_documented(run):
    folder, _ = run
    assert sorted(f.name for f in folder.iterdir()) == [
        "checkpoints",
        "config.json",
        "evaluation.json",
        "figures",
        "metrics.jsonl",
        "model.safetensors",
        "report.html",
        "scenes.json",
        "stages",
    ]
    figures = {f"{name}.{kind}" for name in ("accuracy", "scenes") for kind in ("png", "json")}
    assert {f.name for f in (folder / "figures").iterdir()} >= figures
    assert [row["step"] for row in read_metrics(folder / "metrics.jsonl")] == [2, 4, 5]
    assert sorted(int(f.stem) for f in (folder / "stages").iterdir()) == [0, 2, 4, 5]
    assert not any(".tmp" in name for name in content(folder))
    config = json.loads((folder / "config.json").read_text())
    whole = {**schema.whole(PRESET), "schema": schema.SCHEMA}
    assert config == {**whole, "identity": make_task(PRESET).identity}
    report = (folder / "report.html").read_text()
    assert "counts right" in report and "sets of types right" in report
    rows = json.loads((folder / "figures" / "scenes.json").read_text())["rows"]
    assert [row["label"].splitlines()[0] for row in rows] == [
        "data",
        *(f"step {step}" for step in (0, 2, 4, 5)),
    ]


def test_what_is_measured_is_of_the_model_that_is_left(run):
    folder, model = run
    last = read_metrics(folder / "metrics.jsonl")[-1]
    with RenderPool(partial(PlaneRenderer, (16, 16)), workers=1) as pool:
        truth = draw_scenes(PRESET, 12, seed=WATCHED_SEED)
        again = make_evaluate(truth, pool, WORLD, Likelihood(2.0, 0.2))(model, 5)
    assert {name: last[name] for name in again} == pytest.approx(again, rel=1e-5)
    assert json.loads((folder / "evaluation.json").read_text())["scenes"] == 20


def test_the_pictures_are_of_the_stages(run):
    folder, _ = run
    picture = np.asarray(Image.open(folder / "figures" / "scenes.png").convert("RGB"))
    # Five rows of eight images at six times their size, four pixels apart.
    assert picture.shape == (5 * 100 - 4, 110 + 8 * 100 - 4, 3)
    with np.load(folder / "stages" / "0000005.npz") as stage:
        scenes = SceneBatch(*(stage[name] for name in ("types", "poses", "camera", "look")))
    kept = load_scenes(folder / "scenes.json")
    assert kept.counts.tolist() == scenes.present.sum(axis=1).tolist()
    last = PlaneRenderer((16, 16)).render(scenes)[-1]
    shown = picture[-96:, -96:][3::6, 3::6]
    # In a picture of few colours.
    assert np.abs(shown.astype(int) - last).mean() < 10.0


def test_a_complete_run_is_read_by_results_too(run, monkeypatch):
    folder, model = run
    before = content(folder)
    monkeypatch.setattr("airscene.runs.tasks.rendered.make_pool", lambda *_: 1 / 0)
    assert eqx.tree_equal(trained(PRESET, folder.parent).air, model)
    assert eqx.tree_equal(go(PRESET, folder, resume=True), model)
    assert content(folder) == before


@pytest.mark.parametrize("stop", [4, pytest.param(3, marks=pytest.mark.slow)])
def test_a_run_that_is_stopped_goes_on_to_the_same_model(run, tmp_path, monkeypatch, stop):
    """After an evaluation, or between two of them as updates are slow."""
    folder, model = run
    if stop == 4:
        call = RenderedTask.watch

        def watch(self, model, step):
            if step == stop:
                os.kill(os.getpid(), signal.SIGTERM)
            return call(self, model, step)

        monkeypatch.setattr(RenderedTask, "watch", watch)
    else:
        monkeypatch.setattr("airscene.inverse.train._AT_ONCE", 1)

        def draw(preset, n, *, seed):
            if seed == (3, stop - 1):
                os.kill(os.getpid(), signal.SIGTERM)
            return draw_scenes(preset, n, seed=seed)

        monkeypatch.setattr("airscene.runs.tasks.rendered.draw_scenes", draw)
    with pytest.raises(Interrupted, match=f"stopped at step {stop} of 5"):
        go(PRESET, tmp_path / "run")
    monkeypatch.undo()
    assert (tmp_path / "run" / "checkpoints" / str(stop)).is_dir()
    with pytest.raises(
        InTheWay, match=r"has training.learning_rate the default, not 0.1: give the"
    ):
        changed = replace(PRESET.training, learning_rate=0.1)
        go(replace(PRESET, training=changed), tmp_path / "run", resume=True)
    assert eqx.tree_equal(go(PRESET, tmp_path / "run", resume=True), model)
    files, whole = content(tmp_path / "run"), content(folder)
    assert files.keys() - {f for f in files if "checkpoints" in f} == {
        f for f in whole if "checkpoints" not in f
    }
    for name in ("evaluation.json", "figures/scenes.png"):
        assert files[name] == whole[name]
    assert eqx.tree_equal(go(PRESET, tmp_path / "run", resume=True), model)  # as it was kept


def test_with_labels(tmp_path):
    preset = replace(PRESET, labels="left", training=replace(PRESET.training, steps=2))
    go(preset, tmp_path / "run")
    assert json.loads((tmp_path / "run" / "config.json").read_text())["labels"] == "left"


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Types `airscene train tabletop`, of the tiny preset; returns the status and what it told."""

    def command():
        status = type_train(monkeypatch, PRESET, "--out", str(tmp_path / "run"))
        said = capsys.readouterr()
        assert said.out == "" and "Traceback" not in said.err
        return status, said.err.splitlines()

    return command


def test_without_a_renderer_nothing_is_written(tmp_path, monkeypatch, command):
    draw_with(monkeypatch, partial(faulty.Faulty, "no context"))
    assert command() == (2, ["airscene: no OpenGL: install libosmesa6"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("raises", "Faulty raised ZeroDivisionError: no light"),
        ("dies", "Faulty ended its process 3 times over scenes"),
        ("hangs", "Faulty hung: 3 s over scenes"),
        ("NaN", "Faulty returned a float64 array with NaN"),
        ("shape", "Faulty returned images of the shape"),
    ],
)
def test_a_renderer_that_goes_wrong_is_one_line(tmp_path, monkeypatch, command, fault, line):
    draw_with(monkeypatch, partial(faulty.Faulty, fault), timeout=3.0)
    status, told = command()
    assert status == 2
    assert told[-1].startswith(f"airscene: {line}") and len(told) == 2
    assert not (tmp_path / "run" / "model.safetensors").exists()


def test_the_command_says_what_was_reached(tmp_path, command):
    status, told = command()
    assert status == 0
    assert told[-2].startswith("On 20 held-out scenes: ") and "of counts right" in told[-2]
    assert told[-1].startswith(f"Look at {tmp_path / 'run' / 'report.html'}")


def test_options_reach_the_preset(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(
        "airscene.runs.fit.fit",
        lambda preset, folder, **options: made.append((preset, folder, options)),
    )
    options = "--network recurrent --steps 9 --labels type --presence 0.3 --resume".split()
    # There is nothing to say of what was reached.
    assert main(["train", "tabletop-camera", "--out", str(tmp_path), *options]) == 2
    ((preset, folder, options),) = made
    wanted = PRESETS["tabletop-camera"]
    assert folder == tmp_path and options["resume"]
    assert preset == replace(
        wanted,
        labels="type",
        model=replace(wanted.model, network="recurrent", presence=0.3),
        training=replace(wanted.training, steps=9),
    )
