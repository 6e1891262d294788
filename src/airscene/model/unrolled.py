"""What steps of inference are made of: one object, one step, and all steps with their bound."""

from typing import NamedTuple

from jaxtyping import Array, Float

from airscene.model.where import Proposal


class Appearance(NamedTuple):
    """What one object looks like.

    Args:
        mean: Mean of q(z_what).
        scale: Standard deviation of q(z_what).
        z_what: Appearance code.
        drawn: What it adds to the canvas.
    """

    mean: Float[Array, " what"]
    scale: Float[Array, " what"]
    z_what: Float[Array, " what"]
    drawn: Float[Array, "channel height width"]


class InferenceStep(NamedTuple):
    """One step of inference.

    Args:
        proposal: The posterior of presence and z_where, and a sample of it.
        appearance: The object, if the next step depends on it. If not, the appearances of all
            objects are computed at once, in products N times as large.
    """

    proposal: Proposal
    appearance: Appearance | None


class Unrolled(NamedTuple):
    """One posterior sample of all N steps, as if every object were present.

    Args:
        presence_logits: Logit of q(z_pres_i = 1 | z_pres_{i-1} = 1).
        z_where: Standardised poses.
        z_what: Appearance codes.
        kl: KL(q(z_i) || p(z_i)) of where and what of each step, in nats.
        log_ratio: log p(z_i) - log q(z_i) at the sample, in nats.
        canvases: The canvas with the first n objects, for n = 0..N.
        log_likelihoods: log p(x | z_1..n), for n = 0..N, in nats.
    """

    presence_logits: Float[Array, " steps"]
    z_where: Float[Array, "steps 3"]
    z_what: Float[Array, "steps what"]
    kl: Float[Array, " steps"]
    log_ratio: Float[Array, " steps"]
    canvases: Float[Array, "counts channel height width"]
    log_likelihoods: Float[Array, " counts"]
