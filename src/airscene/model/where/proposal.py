"""What an inference network proposes in one step, and what such a network is."""

from typing import NamedTuple, Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from airscene.model.appearance import Appearance
from airscene.model.pose import Pose
from airscene.model.shapes import Image, Place, Scalar, Seen, Side, Where

# At first, an object should have to prove its worth: were all N there from the start, they would
# share every digit among them, and nothing would tell the second that the first is enough.
INITIAL_PRESENCE_LOGIT = -3.0

# The starting spread of each window, as a softplus argument (0.3).
INITIAL_SCALE = -1.0

# The mean scale stays this near to the prior's, and the mean place to the centre of attention, in
# standard deviations of the prior: a window that has left everything has no gradient to return.
SCALE_REACH, PLACE_REACH = 3.0, 1.0


class Proposal(NamedTuple):
    """The posterior of one step, and a sample of it.

    Args:
        logit: Logit of q(z_pres_i = 1 | z_pres_{i-1} = 1).
        where_mean: Mean of q(z_where).
        where_scale: Standard deviation of q(z_where).
        z_where: The sample, a standardised pose.
    """

    logit: Scalar
    where_mean: Where
    where_scale: Where
    z_where: Where


class WhereProposal(Protocol):
    """An inference network that proposes where the objects are, one a step.

    It is made of an `AIRConfig`, a `Pose` and a key. A state is any tree of arrays. `explain` may
    use what an object looks like if `uses_appearance` is true; if not, the appearances of all
    objects are computed at once, which is faster.

    Args:
        uses_appearance: Whether a step depends on what the objects before it look like.
        n_sides: From how many sides deterministic inference tries the scene.
    """

    uses_appearance: bool
    n_sides: int

    def begin(self, image: Image, side: Side) -> PyTree[Array]:
        """Return the state before the first step.

        Args:
            image: Image, values in [0, 1].
            side: The side that objects are taken from first, from the x axis towards the y axis, in
                radians; a network that learns its order ignores it.
        """
        ...

    def view(self, state: PyTree[Array], image: Image) -> Seen:
        """Return what the window of an object is read from, after the step that proposed it."""
        ...

    def step(self, state: PyTree[Array], noise: Where) -> tuple[PyTree[Array], Proposal]:
        """Propose one object; the noise is standard normal."""
        ...

    def explain(
        self, state: PyTree[Array], z_where: Where, appearance: Appearance | None
    ) -> PyTree[Array]:
        """Return the state before the next step, now that an object is explained.

        Args:
            state: State after the step that proposed the object.
            z_where: Where the object is.
            appearance: What it looks like, if `uses_appearance`.
        """
        ...


def propose(
    outputs: Float[Array, " 7"],
    centre: Place,
    pose: Pose,
    noise: Where,
    place_reach: float = PLACE_REACH,
    scale_reach: float = SCALE_REACH,
) -> Proposal:
    """Read a network's last layer as a proposal near the centre of its attention, and sample it.

    Args:
        outputs: The logit of presence, the mean and the spread of z_where.
        centre: Where the network attends to, (x, y) in [-1, 1] across the image.
        pose: The map from `z_where` to scale and centre.
        noise: Standard normal numbers.
        place_reach: How far from it the mean place can be, in standard deviations of the prior;
            infinite if it is free.
        scale_reach: How far from the prior's the mean scale can be, likewise.
    """
    reaches = np.array([scale_reach, place_reach, place_reach])
    bounded = np.isfinite(reaches)
    reach = jnp.asarray(np.where(bounded, reaches, 1.0))
    mean = reach * jnp.tanh(outputs[1:4] / reach)
    if not bounded.all():
        mean = jnp.where(bounded, mean, outputs[1:4])
    mean = mean.at[1:].add(centre / pose.position_spread)
    scale = jax.nn.softplus(outputs[4:])
    return Proposal(outputs[0], mean, scale, mean + scale * noise)


def init_head(layer: eqx.nn.Linear) -> eqx.nn.Linear:
    """Return a last layer, see `propose`, with small weights and biases against an object."""
    bias = jnp.array([INITIAL_PRESENCE_LOGIT, 0.0, 0.0, 0.0, *[INITIAL_SCALE] * 3])
    return eqx.tree_at(lambda m: (m.weight, m.bias), layer, (0.3 * layer.weight, bias))
