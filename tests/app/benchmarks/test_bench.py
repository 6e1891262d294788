"""The floor of a training step counts its matrix products, and nothing else."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.app.benchmarks import patch_bench, scene_bench, update_bench
from airscene.app.benchmarks.bench import draw_step
from airscene.app.benchmarks.update_bench import alone, operations, products
from airscene.baselines.draw_config import DRAWConfig
from airscene.errors import InputError
from airscene.model.patch.air import PatchAIR
from airscene.model.patch.config import PatchConfig
from airscene.model.patch.look import look
from airscene.runs.presets.baselines import DRAWPreset
from airscene.training.config import LoopConfig


def test_operations_of_a_batched_product():
    left, right = jnp.ones((7, 2, 3)), jnp.ones((7, 3, 5))
    ((dot, _),) = products(jax.make_jaxpr(jnp.matmul)(left, right).jaxpr).items()
    assert operations(*dot) == 2 * 7 * 2 * 3 * 5


@pytest.mark.parametrize("known", [True, False], ids=["length known", "length not known"])
def test_products_of_a_loop_count_as_often_as_it_runs_where_that_is_known(known):
    @jax.jit
    def run(x, n):
        def body(_, y):
            return jnp.tanh(y @ y) + 1.0

        return jax.lax.fori_loop(0, 9 if known else n, body, x)

    dots = products(jax.make_jaxpr(run)(jnp.ones((4, 4)), 9).jaxpr)
    assert [times * operations(*dot) for dot, times in dots.items()] == [known * 8 * 128 + 128]


def test_a_gradient_has_three_times_the_products():
    def loss(weights, x):
        return jnp.sum(jnp.tanh(jnp.tanh(x @ weights) @ weights))

    gradient = jax.make_jaxpr(jax.grad(loss))(jnp.ones((6, 6)), jnp.ones((3, 6)))
    dots = products(gradient.jaxpr)
    total = sum(times * operations(*dot) for dot, times in dots.items())
    # Two products forward, and for each two backward; the first needs none for x.
    assert total == 5 * 2 * 3 * 6 * 6


def test_the_products_of_a_floor_are_all_made():
    left, right = jnp.ones((7, 2, 3)), jnp.ones((7, 3, 5))
    dots = products(jax.make_jaxpr(lambda a, b: (a @ b, (a + 1) @ b))(left, right).jaxpr)
    (made,) = alone(dots)()
    assert made.shape == (2, 7, 2, 5) and np.all(np.asarray(made) == 3.0)


def test_an_update_of_draw_stands_beside_its_products(monkeypatch):
    monkeypatch.setattr(update_bench, "REPEATS", 1)
    model = DRAWConfig(image_shape=(1, 12, 12), n_steps=3, n_hidden=5, n_cells=4)
    training = LoopConfig(steps=10, batch_size=2, evaluate_every=5, save_every=5)
    preset = DRAWPreset("tiny", model=model, training=training)
    first, second = draw_step(preset, np.zeros((4, 12, 12), np.uint8))
    assert first["value"] == second["value"] > 0 and first["floor_value"] > 0
    assert "Mflop of products alone" in first["floor"]


def test_without_mujoco_one_line_says_so(monkeypatch, capsys):
    def missing():
        raise InputError("MuJoCo is not installed")

    monkeypatch.setattr(scene_bench, "render_speed", missing)
    assert list(scene_bench.scene_rows()) == []
    assert capsys.readouterr().out == "3-D is left out: MuJoCo is not installed\n"


def test_rendering_stands_beside_the_stock_renderer(monkeypatch):
    found = {"per_second": 4000.0, "stock_per_second": 1000.0, "workers": 2}
    monkeypatch.setattr(scene_bench, "render_speed", lambda: found)
    (row,) = scene_bench.rendering()
    assert (row["value"], row["floor_value"], row["ratio"]) == (4000.0, 1000.0, 4.0)


def test_a_scan_stands_beside_its_proposals(monkeypatch):
    """A whole image is timed, and it is told how many proposals that takes."""
    monkeypatch.setattr(patch_bench, "ROUNDS", 1)
    images = [np.full((50, 60, 3), 0.5, np.float32) for _ in range(6)]
    for k, image in enumerate(images):
        image[10 : 20 + k, 10 + k : 20 + k] = 0.9
    named = [(str(k), image) for k, image in enumerate(images)]
    looked = look(named, PatchConfig(object_size="12px", background="smooth"))
    row = patch_bench.scanning(PatchAIR(looked.config, key=jax.random.key(0)), looked)
    assert row["unit"] == "ms" and row["value"] > 0 and row["floor_value"] > 0
    assert float(row["floor"].split()[1]) >= 1
