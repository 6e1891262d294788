"""AIR: the generative model and its inference network, unrolled over the steps."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from airscene.model import attention
from airscene.model.appearance import Decoder, Encoder
from airscene.model.config import AIRConfig
from airscene.model.counts import count_log_prior
from airscene.model.difference import DifferencePosterior
from airscene.model.likelihood import log_likelihood
from airscene.model.pose import Pose
from airscene.model.posterior import Proposal
from airscene.model.recurrent import RecurrentPosterior


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
        proposal: The posterior of presence and z_where.
        z_where: Standardised pose.
        appearance: The object, if the next step depends on it. If not, the appearances of all
            objects are computed at once, in products N times as large.
    """

    proposal: Proposal
    z_where: Float[Array, " 3"]
    appearance: Appearance | None


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
    posterior: RecurrentPosterior | DifferencePosterior
    config: AIRConfig = eqx.field(static=True)

    def __init__(self, config: AIRConfig, *, key: PRNGKeyArray):
        keys = jax.random.split(key, 3)
        patch = (config.image_shape[0], config.n_cells, config.n_cells)
        self.config = config
        self.encoder = Encoder(patch, config.n_what, config.n_layer, key=keys[0])
        self.decoder = Decoder(patch, config.n_what, config.n_layer, config.brightness, key=keys[1])
        sizes = (config.n_hidden, config.n_features)
        if config.where_proposal == "difference":
            self.posterior = DifferencePosterior(
                config.image_shape, config.n_cells, *sizes, key=keys[2]
            )
        else:
            self.posterior = RecurrentPosterior(
                config.image_shape, *sizes, config.explained_share, key=keys[2]
            )

    def with_steps(self, n_steps: int) -> "AIR":
        """Return the model with another largest count, and the same weights.

        Args:
            n_steps: The largest count, N. The prior over counts is that of the configuration for
                this N.

        Returns:
            The model.

        Raises:
            InputError: If N is below 1, or the prior is a table for another N.
        """
        config = replace(self.config, n_steps=n_steps)
        # No weight depends on N, so all that is needed of the new model is its structure.
        like = eqx.filter_eval_shape(AIR, config, key=jax.random.key(0))
        return jax.tree.unflatten(jax.tree.structure(like), jax.tree.leaves(self))

    def facing(self, angle: Float[Array, ""]) -> "AIR":
        """Return the model with the side that it takes objects from first.

        Args:
            angle: The side, from the x axis towards the y axis, in radians. The recurrent network
                learns its order of objects and has no such side: it is returned as it is.

        Returns:
            The model.
        """
        if not isinstance(self.posterior, DifferencePosterior):
            return self
        return eqx.tree_at(lambda m: m.posterior.preferred, self, angle)

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

    def appear(
        self,
        seen: Float[Array, "channel height width"],
        z_where: Float[Array, " 3"],
        noise: Float[Array, " what"],
    ) -> Appearance:
        """Encode what is in one window and draw it.

        Args:
            seen: What is to be explained: the image, or what is missing from the canvas.
            z_where: Standardised pose of the window.
            noise: Standard normal numbers.

        Returns:
            The object.
        """
        window = attention.read(seen, z_where, self.pose, self.config.n_cells)
        mean, scale = self.encoder(window)
        z_what = mean + scale * noise
        return Appearance(mean, scale, z_what, self.draw(z_where, z_what))

    def begin(
        self, image: Float[Array, "channel height width"]
    ) -> tuple[PyTree[Array], Callable[..., tuple[PyTree[Array], InferenceStep]]]:
        """Begin inference.

        Args:
            image: Image, values in [0, 1].

        Returns:
            The state before the first step, and the function that takes a step: of a state and
            the step's standard normal numbers, to the next state and what was taken.
        """
        if isinstance(self.posterior, DifferencePosterior):

            def step(error, noise):
                proposal = self.posterior(error, self.pose, self.config.sigma)
                z_where = proposal.where_mean + proposal.where_scale * noise[:3]
                appearance = self.appear(error, z_where, noise[3:])
                return error - appearance.drawn, InferenceStep(proposal, z_where, appearance)

            return image, step

        image_features = self.posterior.look(image, self.config.sigma)

        def step(state, noise):
            state, proposal = self.posterior(image_features, state, self.pose)
            z_where = proposal.where_mean + proposal.where_scale * noise[:3]
            return self.posterior.explain(state, z_where, self.pose), InferenceStep(
                proposal, z_where, None
            )

        return self.posterior.start(image_features), step

    def appearances(
        self,
        image: Float[Array, "channel height width"],
        taken: InferenceStep,
        noise: Float[Array, "steps what"],
    ) -> Appearance:
        """Return the appearances of the objects of all steps.

        Args:
            image: Image, values in [0, 1].
            taken: The steps, stacked.
            noise: Standard normal numbers.

        Returns:
            The objects, stacked.
        """
        if taken.appearance is not None:
            return taken.appearance
        return jax.vmap(self.appear, in_axes=(None, 0, 0))(image, taken.z_where, noise)

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
        state, step = self.begin(image)
        steps = []
        # Unrolled: a loop on the CPU costs more a step than the code costs to compile.
        for i in range(c.n_steps):
            state, taken = step(state, noise[i])
            steps.append(taken)
        taken = jax.tree.map(lambda *parts: jnp.stack(parts), *steps)
        objects = self.appearances(image, taken, noise[:, 3:])

        canvases = [jnp.zeros_like(image)]
        for i in range(c.n_steps):
            canvases.append(canvases[-1] + objects.drawn[i])
        log_likelihoods = [log_likelihood(image, canvas, c.sigma) for canvas in canvases]

        prior, posteriors = dist.Normal(), _posteriors(taken.proposal, objects)
        samples = (taken.z_where, objects.z_what)
        log_ratio = sum(
            (prior.log_prob(z) - q.log_prob(z)).sum(axis=1)
            for q, z in zip(posteriors, samples, strict=True)
        )
        return Unrolled(
            presence_logits=taken.proposal.logit,
            z_where=taken.z_where,
            z_what=objects.z_what,
            kl=self.kl(taken.proposal, objects),
            log_ratio=log_ratio,
            canvases=jnp.stack(canvases),
            log_likelihoods=jnp.stack(log_likelihoods),
        )

    def kl(self, proposals: Proposal, objects: Appearance) -> Float[Array, " steps"]:
        """Return KL(q(z_i) || p(z_i)) of where and what of each step, in nats.

        Args:
            proposals: The posteriors of presence and z_where, stacked.
            objects: The appearances, stacked.
        """
        return sum(
            dist.kl_divergence(q, dist.Normal()).sum(axis=1)
            for q in _posteriors(proposals, objects)
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


def _posteriors(proposals: Proposal, objects: Appearance) -> tuple[dist.Normal, dist.Normal]:
    """Return q(z_where) and q(z_what)."""
    where = dist.Normal(proposals.where_mean, proposals.where_scale)
    return where, dist.Normal(objects.mean, objects.scale)
