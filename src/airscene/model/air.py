"""AIR: the generative model and its inference network, unrolled over the steps."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array, Float, Int, PRNGKeyArray

from airscene.model import attention
from airscene.model.appearance import Decoder, Encoder
from airscene.model.config import AIRConfig
from airscene.model.counts import count_log_prior
from airscene.model.likelihood import log_likelihood
from airscene.model.pose import Pose
from airscene.model.posterior import RecurrentPosterior


class Unrolled(NamedTuple):
    """One posterior sample of all N steps, as if every object were present.

    Args:
        presence_logits: Logit of q(z_pres_i = 1 | z_pres_{i-1} = 1).
        z_where: Standardised poses.
        z_what: Appearance codes.
        kl: KL(q(z_i) || p(z_i)) of where and what of each step, in nats.
        log_ratio: log p(z_i) - log q(z_i) at the sample, in nats.
        canvases: Sum of the first n objects, for n = 0..N.
        log_likelihoods: log p(x | z_1..n), for n = 0..N, in nats.
    """

    presence_logits: Float[Array, " steps"]
    z_where: Float[Array, "steps 3"]
    z_what: Float[Array, "steps what"]
    kl: Float[Array, " steps"]
    log_ratio: Float[Array, " steps"]
    canvases: Float[Array, "counts channel height width"]
    log_likelihoods: Float[Array, " counts"]


class AIR(eqx.Module):
    """Attend, Infer, Repeat (paper, sections 2 and 3.1), for one scene; `vmap` for a batch.

    Args:
        config: What the model is made of.
        key: Randomness of the initial weights.
    """

    encoder: Encoder
    decoder: Decoder
    posterior: RecurrentPosterior
    config: AIRConfig = eqx.field(static=True)

    def __init__(self, config: AIRConfig, *, key: PRNGKeyArray):
        keys = jax.random.split(key, 3)
        patch = (config.image_shape[0], config.n_cells, config.n_cells)
        self.config = config
        self.encoder = Encoder(patch, config.n_what, config.n_layer, key=keys[0])
        self.decoder = Decoder(patch, config.n_what, config.n_layer, key=keys[1])
        self.posterior = RecurrentPosterior(
            config.image_shape, config.n_hidden, config.n_look, config.explained, key=keys[2]
        )

    @property
    def pose(self) -> Pose:
        """The map from `z_where` to scale and centre."""
        c = self.config
        return Pose(c.object_size, c.scale_spread, c.position_spread)

    @property
    def n_noise(self) -> int:
        """Standard normal numbers that one step of `unroll` takes."""
        return 3 + self.config.n_what

    def log_prior(self) -> Float[Array, " counts"]:
        """Return log p(n) for n = 0..N."""
        with jax.ensure_compile_time_eval():
            return jnp.asarray(count_log_prior(self.config.count_prior, self.config.n_steps))

    def draw(
        self, z_where: Float[Array, " 3"], z_what: Float[Array, " what"]
    ) -> Float[Array, "channel height width"]:
        """Return what one object adds to the canvas."""
        size = self.config.image_shape[1:]
        return attention.write(self.decoder(z_what), z_where, self.pose, size)

    def unroll(
        self,
        image: Float[Array, "channel height width"],
        noise: Float[Array, "steps noise"],
    ) -> Unrolled:
        """Run all N steps of inference as if every object were present.

        The counts are few and the continuous path is shared by all of them, so one run serves
        every n: objectives weigh its partial canvases by q(n).

        Args:
            image: Image, values in [0, 1].
            noise: Standard normal numbers; zeros give the posterior means.

        Returns:
            The sample and every term of the bound.
        """
        c = self.config
        looked = self.posterior.look(image, c.sigma)
        state = self.posterior.start(looked)
        proposals, poses = [], []
        # Unrolled: a loop on the CPU costs more a step than the code costs to compile.
        for i in range(c.n_steps):
            state, proposal = self.posterior(looked, state, self.pose)
            z_where = proposal.where_mean + proposal.where_scale * noise[i, :3]
            state = self.posterior.explain(state, z_where, self.pose)
            proposals.append(proposal)
            poses.append(z_where)
        logits, *q_where = (jnp.stack(values) for values in zip(*proposals, strict=True))
        z_where = jnp.stack(poses)

        windows = jax.vmap(lambda z: attention.read(image, z, self.pose, c.n_cells))(z_where)
        q_what = jax.vmap(self.encoder)(windows)
        z_what = q_what[0] + q_what[1] * noise[:, 3:]
        objects = jax.vmap(self.draw)(z_where, z_what)

        canvases = [jnp.zeros_like(image)]
        for i in range(c.n_steps):
            canvases.append(canvases[-1] + objects[i])
        log_likelihoods = [log_likelihood(image, canvas, c.sigma) for canvas in canvases]

        prior = dist.Normal()
        posteriors = [(dist.Normal(*q_where), z_where), (dist.Normal(*q_what), z_what)]
        kl = sum(dist.kl_divergence(q, prior).sum(axis=1) for q, _ in posteriors)
        log_ratio = sum((prior.log_prob(z) - q.log_prob(z)).sum(axis=1) for q, z in posteriors)
        return Unrolled(
            presence_logits=logits,
            z_where=z_where,
            z_what=z_what,
            kl=kl,
            log_ratio=log_ratio,
            canvases=jnp.stack(canvases),
            log_likelihoods=jnp.stack(log_likelihoods),
        )

    def sample(
        self, key: PRNGKeyArray, count: Int[Array, ""]
    ) -> Float[Array, "channel height width"]:
        """Draw one scene from the prior p(x | n), without the noise of the pixels.

        Args:
            key: Randomness of the draw.
            count: Number of objects n.

        Returns:
            The canvas.
        """
        where_key, what_key = jax.random.split(key)
        n_steps = self.config.n_steps
        z_where = dist.Normal().sample(where_key, (n_steps, 3))
        z_what = dist.Normal().sample(what_key, (n_steps, self.config.n_what))
        objects = jax.vmap(self.draw)(z_where, z_what)
        there = jnp.arange(n_steps) < count
        return jnp.tensordot(there.astype(objects.dtype), objects, axes=1)
