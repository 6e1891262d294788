"""AIR on patches: what is proposed, drawn and gained."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.errors import InputError
from airscene.model.patch.air import PatchAIR, Start
from airscene.model.patch.config import Calibration, PatchConfig
from airscene.model.weights import load_module, save_weights

KNOWN = Calibration(size=0.1, short_side=100.0, contrast=0.4, noise=0.01, sigma=0.1, worth=400.0)
CONFIG = PatchConfig(channels=3, object_size="20px", background="smooth", calibration=KNOWN)


def make(**changes) -> PatchAIR:
    return PatchAIR(replace(CONFIG, **changes), key=jax.random.key(0))


def some(shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).normal(0, 0.2, shape), jnp.float32)


@pytest.mark.parametrize("likelihood", ["gaussian", "robust"])
def test_a_gain_is_a_difference_of_log_likelihoods(likelihood):
    model, image, a, b = make(likelihood=likelihood), *(some((3, 40, 40), k) for k in range(3))
    valid = jnp.ones((40, 40)).at[:5].set(0.0)
    density = model.likelihood.log_prob
    wanted = (valid * (density(image, b) - density(image, a))).sum()
    assert model.gain(image, valid, a, b) == pytest.approx(float(wanted), rel=1e-4)


@pytest.mark.parametrize("composition", ["over", "sum"])
def test_an_object_changes_the_canvas_only_near_it(composition):
    model, canvas = make(composition=composition), some((3, 60, 60))
    start = Start(jnp.array([30.0, 20.0]), jnp.ones((60, 60)))
    found = model.propose(canvas, jnp.zeros((60, 60)), start, jnp.zeros(model.n_noise))
    new = model.composition.add(canvas, found.drawn, found.mask)
    changed = np.flatnonzero(np.abs(new - canvas).max(axis=(0, 2)) > 1e-6)
    reach = float(found.side) / 2 + 2
    assert abs(changed.min() - float(found.centre[1])) <= reach
    assert abs(changed.max() - float(found.centre[1])) <= reach
    assert 0.0 <= found.mask.min() and found.mask.max() <= 1.0 and found.kl > 0.0


def test_an_object_lies_over_or_under_whichever_explains_more():
    """A square is found whole behind what hides a part of it, and the canvas is the image."""
    model, valid = make(composition="either"), jnp.ones((40, 40))
    below = jnp.zeros((40, 40)).at[10:25, 10:25].set(1.0)
    above = jnp.zeros((40, 40)).at[10:25, 18:33].set(1.0)
    red, blue = (jnp.array(c)[:, None, None] for c in ((0.5, 0.0, 0.0), (0.0, 0.0, 0.5)))
    image = red * below * (1.0 - above) + blue * above
    behind = model.put(image, valid, blue * above, above, red * below, below)
    on_top = model.put(image, valid, red * below, below, blue * above, above)
    for put, is_under in ((behind, 1.0), (on_top, 0.0)):
        assert put.is_under == is_under
        assert np.allclose(put.canvas, image, atol=1e-6)
    # Without the choice, it is put on top.
    plain = make(composition="over").put(image, valid, blue * above, above, red * below, below)
    assert plain.is_under == 0.0 and plain.gain < behind.gain


def test_an_object_of_one_colour_is_even():
    model = make(colours="one")
    z_what = some((model.config.n_what,))
    colour, mask = model.appear(z_what)
    assert np.ptp(np.asarray(colour), axis=(1, 2)).max() < 1e-6 < float(jnp.ptp(mask))
    assert np.ptp(np.asarray(make().appear(z_what)[0]), axis=(1, 2)).min() > 1e-3


@pytest.mark.parametrize("colours", ["one", "many"])
def test_a_proposal_knows_no_place_and_no_size_of_the_patch(colours):
    """The same surroundings elsewhere, in a larger patch, give the same object there."""
    model = make(colours=colours)
    small = some((3, 48, 48))
    large = jnp.zeros((3, 90, 80)).at[:, 30:78, 20:68].set(small)
    covered = jnp.zeros((48, 48)), jnp.zeros((90, 80))
    near, noise = jnp.array([24.0, 22.0]), jnp.zeros(model.n_noise)
    here = model.propose(small, covered[0], model.start(small, near), noise)
    moved = jnp.array([20.0, 30.0])
    there = model.propose(large, covered[1], model.start(large, near + moved), noise)
    assert np.allclose(there.centre - moved, here.centre, atol=2e-3)
    assert np.allclose(there.z_what, here.z_what, atol=2e-3)
    assert np.allclose(there.drawn[:, 30:78, 20:68], here.drawn, atol=2e-3)


def test_the_start_is_where_the_error_is():
    model = make()
    error = jnp.zeros((3, 60, 60)).at[:, 25:35, 35:45].set(0.5)
    start = model.start(error, jnp.array([36.0, 34.0]))
    assert np.allclose(start.place, [40.0, 30.0], atol=0.7)
    assert (start.like == 1.0).all()


def test_of_two_colours_that_meet_one_is_looked_at():
    """Even from the line where they meet, and whichever the channel is."""
    model = make(colours="one")
    left = jnp.zeros((60, 60)).at[20:40, 22:30].set(1.0)
    right = jnp.zeros((60, 60)).at[20:40, 30:38].set(1.0)
    error = jnp.stack([0.5 * left, 0.5 * right, 0.1 * left + 0.1 * right])
    for x, part in ((27.0, left), (33.0, right), (29.6, left), (30.4, right)):
        start = model.start(error, jnp.array([x, 30.0]))
        assert float((start.like * part).sum() / part.sum()) > 0.95
        assert float((start.like * (1.0 - part)).max()) < 0.05
        middle = 26.0 if part is left else 34.0
        assert np.allclose(start.place, [middle, 30.0], atol=1.2)


@pytest.mark.parametrize("background", ["set", "learnt"])
def test_weights_are_read_as_they_were_written(background, tmp_path):
    model = make(background=background, template_shape=(2, 3, 12, 12))
    save_weights(model, tmp_path / "x.safetensors")
    again = load_module(tmp_path / "x.safetensors", PatchAIR, PatchConfig)
    assert again.config == model.config
    for a, b in zip(jax.tree.leaves(model), jax.tree.leaves(again), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("size", ["0", "40 cm", "1.5", "-3px", "px"])
def test_sizes_that_are_none(size):
    with pytest.raises(InputError, match="it should be pixels, as 40px, or a share"):
        PatchConfig(object_size=size)
