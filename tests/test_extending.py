"""`docs/extending.md`: its examples work as they stand on the page."""

import re
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import airscene
from airscene.errors import InputError
from airscene.images.config import DataConfig
from airscene.images.sets import DATA_SETS
from airscene.model.background import BACKGROUNDS
from airscene.model.composition import COMPOSITIONS
from airscene.model.likelihood import LIKELIHOODS
from airscene.model.where import WHERE_PROPOSALS

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"
KINDS = (COMPOSITIONS, BACKGROUNDS, LIKELIHOODS, WHERE_PROPOSALS, DATA_SETS)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The names that the page's code makes; what it registers is taken back afterwards."""
    before = [dict(kinds) for kinds in KINDS]
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), flags=re.M | re.S)
    run = tmp_path_factory.mktemp("runs") / "squares"
    code = "\n".join(blocks).replace("runs/squares", str(run))
    names: dict = {"run": run}
    exec(compile(code, str(PAGE), "exec"), names)  # noqa: S102
    yield names
    for kinds, old in zip(KINDS, before, strict=True):
        kinds.clear()
        kinds.update(old)


def test_the_whole_page_trains_and_infers(page):
    scenes = page["scenes"]
    assert len(scenes) == 64 and all(0 <= scene.count <= 2 for scene in scenes)
    assert type(page["model"].air.where) is page["Flat"]


def test_weights_come_back_by_their_names(page):
    again = airscene.load(page["run"])
    assert eqx.tree_equal(again.air, page["model"].air)
    images = page["preset"].data.load("test").images
    assert again.infer(images).to_json() == page["scenes"].to_json()


@pytest.mark.parametrize(
    "changes",
    [
        {"composition": "brighter"},
        {"background": "grey"},
        {"likelihood": "laplace"},
        {"where_proposal": "flat"},
        {"where_proposal": "difference", "composition": "brighter", "likelihood": "laplace"},
    ],
)
def test_the_bound_has_gradients_with_each_of_them(page, tiny, changes):
    model, image = tiny(**changes), jax.random.uniform(jax.random.key(1), (1, 12, 12))
    noise = jax.random.normal(jax.random.key(2), (model.config.n_steps, model.n_noise))

    @eqx.filter_jit
    @eqx.filter_value_and_grad(has_aux=True)
    def gradient(model):
        run = model.unroll(image, noise)
        return run.log_likelihoods.sum(), run.canvases[0]

    (_, first), gradients = gradient(model)
    np.testing.assert_allclose(first, model.background.canvas(image))
    norms = [float(jnp.abs(x).sum()) for x in jax.tree.leaves(gradients.decoder)]
    assert np.isfinite(norms).all() and sum(norms) > 0


def test_a_name_that_nothing_has_is_refused(tiny):
    for name in ("composition", "background", "likelihood", "where_proposal"):
        with pytest.raises(InputError, match=f"{name} is 'none'; it should be one of"):
            tiny(**{name: "none"})
    with pytest.raises(InputError, match="--kind is none; it should be one of multi-mnist"):
        DataConfig("none")


def test_a_composition_is_of_those_that_are_present(page, tiny):
    drawn = jnp.asarray(np.random.default_rng(0).random((3, 1, 12, 12), np.float32))
    for count in range(4):
        found = tiny(composition="brighter").compose(drawn, None, jnp.arange(3) < count)
        np.testing.assert_array_equal(found, drawn[:count].max(axis=0, initial=0.0))


def test_a_likelihood_normalises(page):
    x = jnp.linspace(-40.0, 40.0, 200_001)[None, None]
    log_p = page["Laplace"](0.3).log_prob(x, jnp.full_like(x, 0.5))
    assert np.exp(log_p).sum() * 80.0 / 200_000 == pytest.approx(1.0, abs=1e-3)


def test_a_background_is_of_the_image(page):
    image = jnp.asarray([[[0.1, 0.3, 0.9]]])
    np.testing.assert_allclose(page["Grey"]().canvas(image), 0.3)
