"""Every deviation of the networks from the paper is switched off by an option of its own."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from airscene.errors import InputError
from airscene.model.config import AIRConfig
from airscene.model.where.proposal import SCALE_REACH

ZERO = jnp.zeros(3)


@pytest.fixture(scope="module")
def image():
    return jax.random.uniform(jax.random.key(1), (1, 12, 12))


def louder(air, path):
    """A model whose last layer asks for places and scales far away."""
    return eqx.tree_at(path, air, replace_fn=lambda layer: layer.at[1:4].set(20.0))


def first(air, image):
    return air.where.step(air.where.begin(image, 0.0), ZERO)[1]


def test_a_regressed_place_and_a_free_scale_are_any(tiny, image):
    near = first(louder(tiny(), lambda m: m.where.head.bias), image)
    assert np.all(np.abs(near.where_mean) <= max(SCALE_REACH, 1.0 + 1.0 / 0.5))
    air = tiny(mean_place="regressed", free_scale=True)
    far = first(louder(air, lambda m: m.where.head.bias), image)
    assert np.all(far.where_mean > 15.0)
    # No attention, so no weights of it.
    assert air.where.preference_head is None


@pytest.mark.parametrize("where_proposal", ["recurrent", "difference"])
def test_a_regressed_place_is_not_drawn_to_the_ink(tiny, where_proposal):
    """Untrained, attention goes to the only thing in the image, and the regression does not."""
    x, y = np.meshgrid(np.arange(12), np.arange(12))
    blob = jnp.asarray(np.exp(-((x - 9) ** 2 + (y - 9) ** 2) / 2.0)[None], jnp.float32)
    found = {
        way: first(tiny(where_proposal=where_proposal, mean_place=way, sigma=0.1), blob)
        for way in ("attention", "regressed")
    }
    centres = {way: 0.5 * np.asarray(one.where_mean[1:]) for way, one in found.items()}
    assert np.all(centres["attention"] > 0.3)
    assert not np.all(centres["regressed"] > 0.3)


def test_the_cell_sees_the_appearance_of_the_object_before(tiny, image):
    for shown in (False, True):
        air = tiny(what_input=shown)
        state, one = air.where.step(air.where.begin(image, 0.0), ZERO)
        looks = air.appear(image, one.z_where, jnp.zeros(2))
        outcomes = []
        for code in (looks.z_what, looks.z_what + 1.0):
            after = air.where.explain(state, one.z_where, looks._replace(z_what=code))
            outcomes.append(np.asarray(air.where.step(after, ZERO)[1].logit))
        assert (outcomes[0] != outcomes[1]) == shown
        # What the next step depends on cannot be computed with all others.
        assert (air.unroll(image, jnp.zeros((3, 5))).z_what.shape) == (3, 2)
        assert air.where.uses_appearance == shown


@pytest.mark.parametrize("where_proposal", ["recurrent", "difference"])
def test_an_image_that_is_not_pooled_shows_every_pixel(tiny, image, where_proposal):
    changed = image.at[0, 4, 4].add(0.3).at[0, 4, 5].add(-0.3)
    for square, same in ((2, True), (1, False)):
        air = tiny(square=square, where_proposal=where_proposal, mean_place="regressed")
        logits = [float(first(air, x).logit) for x in (image, changed)]
        assert (abs(logits[0] - logits[1]) < 1e-6) == same


def test_ink_is_an_input(tiny, image):
    with_ink, without = tiny(), tiny(ink_input=False)
    n_inputs = [m.where.recurrent_layer.in_features for m in (with_ink, without)]
    assert n_inputs[0] == n_inputs[1] + 1
    state = without.where.begin(image, 0.0)
    explained = state._replace(unexplained=0.01 * state.unexplained)
    # In proportion, so that attention stays where it is.
    step = without.where.step
    assert np.allclose(step(state, ZERO)[1].logit, step(explained, ZERO)[1].logit)


def test_no_slope_prefers_no_side_at_first(tiny):
    for slope in (0.0, 2.0):
        bias = np.asarray(tiny(preference_slope=slope).where.preference_head.bias)
        assert np.isclose(np.ptp(bias), 0.0) == (slope == 0.0)


@pytest.mark.parametrize("where_proposal", ["recurrent", "difference"])
def test_without_a_floor_black_images_have_a_place(tiny, where_proposal):
    air = tiny(attention_floor=False, where_proposal=where_proposal)
    assert np.isfinite(first(air, jnp.zeros((1, 12, 12))).where_mean).all()


@pytest.mark.parametrize("mean_place", ["attention", "regressed"])
@pytest.mark.parametrize("hidden_state", [False, True])
def test_a_hidden_state_remembers(tiny, image, mean_place, hidden_state):
    """Of the same error, the difference network proposes the same again, unless it remembers."""
    air = tiny(where_proposal="difference", mean_place=mean_place, hidden_state=hidden_state)
    state, before = air.where.step(air.where.begin(image, 0.0), ZERO)
    again = air.where.step(state, ZERO)[1]
    assert (float(before.logit) != float(again.logit)) == hidden_state


@pytest.mark.parametrize("mean_place", ["attention", "regressed"])
@pytest.mark.parametrize("all_gradients", [False, True])
def test_gradients_flow_through_the_error(tiny, image, mean_place, all_gradients):
    air = tiny(where_proposal="difference", mean_place=mean_place, all_gradients=all_gradients)
    gradient = jax.grad(lambda x: first(air, x).logit)(image)
    assert bool(jnp.any(gradient != 0.0)) == all_gradients


@pytest.mark.parametrize(
    ("network", "option", "value"),
    [
        ("difference", "explained_share", 0.9),
        ("difference", "what_input", True),
        ("difference", "ink_input", False),
        ("recurrent", "hidden_state", True),
        ("recurrent", "all_gradients", True),
        ("recurrent", "sides", 1),
    ],
)
def test_options_of_the_other_network_are_refused(network, option, value):
    spelt = option.replace("_", "-")
    with pytest.raises(InputError, match=f"--{spelt} is .* does nothing in the {network} network"):
        AIRConfig(where_proposal=network, **{option: value})
