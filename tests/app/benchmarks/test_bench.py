"""The floor of a training step counts its matrix products, and nothing else."""

import jax
import jax.numpy as jnp
import numpy as np

from airscene.app.benchmarks import patch_bench, scene_bench
from airscene.app.benchmarks.bench import operations, products
from airscene.errors import InputError
from airscene.model.patch.air import PatchAIR
from airscene.model.patch.config import PatchConfig
from airscene.model.patch.look import look


def test_operations_of_a_batched_product():
    left, right = jnp.ones((7, 2, 3)), jnp.ones((7, 3, 5))
    (dot,) = products(jax.make_jaxpr(jnp.matmul)(left, right).jaxpr)
    assert operations(*dot) == 2 * 7 * 2 * 3 * 5


def test_products_inside_loops_and_calls_are_found_once():
    @jax.jit
    def run(x):
        def body(_, y):
            return jnp.tanh(y @ y) + 1.0

        return jax.lax.fori_loop(0, 9, body, x)

    dots = products(jax.make_jaxpr(run)(jnp.ones((4, 4))).jaxpr)
    assert [operations(*dot) for dot in dots] == [2 * 4**3]


def test_a_gradient_has_three_times_the_products():
    def loss(weights, x):
        return jnp.sum(jnp.tanh(jnp.tanh(x @ weights) @ weights))

    gradient = jax.make_jaxpr(jax.grad(loss))(jnp.ones((6, 6)), jnp.ones((3, 6)))
    total = sum(operations(*dot) for dot in products(gradient.jaxpr))
    # Two products forward, and for each two backward; the first needs none for x.
    assert total == 5 * 2 * 3 * 6 * 6


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
