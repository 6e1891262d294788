"""AIR: the generative model and its inference network, unrolled over the steps."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, PyTree

from airscene.errors import InputError
from airscene.model import attention
from airscene.model.appearance import APPEARANCES, Appearance, WindowDecoder, WindowEncoder
from airscene.model.background import BACKGROUNDS, Background
from airscene.model.composition import COMPOSITIONS, Composition
from airscene.model.config import AIRConfig
from airscene.model.counts import count_log_prior
from airscene.model.likelihood import LIKELIHOODS, Likelihood
from airscene.model.pose import Pose
from airscene.model.shapes import Counts, Image, Mask, Scalar, Seen, Side, Where
from airscene.model.stored import StoredModule, stored_as, with_config
from airscene.model.unrolled import InferenceStep, Unrolled, kl_from_prior, log_ratio
from airscene.model.where import WHERE_PROPOSALS
from airscene.model.where.proposal import Proposal, WhereProposal

# What an option names: users may add to each.
KINDS: Mapping[str, Mapping[str, Any]] = {
    "where_proposal": WHERE_PROPOSALS,
    "appearance": APPEARANCES,
    "composition": COMPOSITIONS,
    "background": BACKGROUNDS,
    "likelihood": LIKELIHOODS,
}


class AIR(StoredModule):
    """Attend, Infer, Repeat (paper, sections 2 and 3.1), for one scene; `vmap` for a batch."""

    encoder: WindowEncoder
    decoder: WindowDecoder
    where: WhereProposal = eqx.field(metadata=stored_as("posterior"))
    composition: Composition
    background: Background
    likelihood: Likelihood
    config: AIRConfig = eqx.field(static=True)

    stored_format: ClassVar[str] = "airscene-air-1"

    def __init__(self, config: AIRConfig, *, key: PRNGKeyArray):
        if not (config.object_size and config.sigma and config.brightness):
            raise InputError(
                "object_size, sigma or brightness is 0, which is for training only: estimate it"
            )
        keys = jax.random.split(key, 3)
        self.config = config
        kinds = chosen_kinds(config)
        self.composition = kinds["composition"]()
        encoder, decoder = kinds["appearance"]
        self.encoder, self.decoder = encoder(config, key=keys[0]), decoder(config, key=keys[1])
        self.where = kinds["where_proposal"](config, self.pose, key=keys[2])
        self.background = kinds["background"]()
        self.likelihood = kinds["likelihood"](config.sigma)

    def with_steps(self, n_steps: int) -> "AIR":
        """Return the model with the same weights, and another largest count N and its prior.

        Raises:
            InputError: If N is below 1, or the prior is a table for another N.
        """
        # No weight depends on N.
        return with_config(self, replace(self.config, n_steps=n_steps))

    def with_canvas(self, height: int, width: int) -> "AIR":
        """Return the model with the same weights, for larger images of objects of the same size.

        All that its network sees lies around one place, in pixels. So the windows, the places that
        it moves them by, and the slope of its preference for a side stay as they are in pixels, and
        so does the prior over places: far from the centre it is too narrow.

        Raises:
            InputError: If its network sees the whole image, so that its weights are for one size;
                or if the sides have another ratio.
        """
        c = self.config
        if height * c.image_shape[2] != width * c.image_shape[1]:
            raise InputError(
                f"the canvas is {width}x{height} pixels; its sides should be in the ratio of "
                f"{c.image_shape[2]}x{c.image_shape[1]}"
            )
        if c.where_proposal != "difference" or c.mean_place != "attention":
            raise InputError(
                "the network sees the whole image, and can be used on images of one size only; "
                "that of multi-mnist-dair sees what is near"
            )
        times = min(height, width) / min(c.image_shape[1:])
        changed = replace(
            c,
            image_shape=(c.image_shape[0], height, width),
            object_size=c.object_size / times,
            position_spread=c.position_spread / times,
            preference_slope=c.preference_slope * times,
        )
        return with_config(self, changed)

    @property
    def pose(self) -> Pose:
        """The map from `z_where` to scale and centre."""
        c = self.config
        return Pose(c.object_size, c.scale_spread, c.position_spread)

    @property
    def n_noise(self) -> int:
        """How many normal numbers one step of `unroll` takes."""
        return 3 + self.config.n_what

    def log_prior(self) -> Counts:
        """Return log p(n) for n = 0..N."""
        with jax.ensure_compile_time_eval():
            return jnp.asarray(count_log_prior(self.config.count_prior, self.config.n_steps))

    def draw(self, z_where: Where, z_what: Float[Array, " what"]) -> tuple[Image, Mask | None]:
        """Return what one object adds to the canvas, and its mask if the composition needs one."""
        channels, height, width = self.config.image_shape
        layers = attention.write(self.decoder(z_what), z_where, self.pose, (height, width))
        return layers[:channels], layers[channels] if self.composition.masked else None

    def appear(self, seen: Seen, z_where: Where, noise: Float[Array, " what"]) -> Appearance:
        """Encode one window of the image, or of the canvas error, and return the object."""
        window = attention.read(seen, z_where, self.pose, self.config.n_cells)
        mean, scale, z_what = self.encoder.infer(window, noise, self.decoder)
        return Appearance(mean, scale, z_what, *self.draw(z_where, z_what))

    def step(
        self, image: Image, state: PyTree[Array], noise: Float[Array, " noise"]
    ) -> tuple[PyTree[Array], InferenceStep]:
        """Take one step of inference, from a state of the where-proposal to the next."""
        state, proposal = self.where.step(state, noise[:3])
        appearance = None
        if self.where.uses_appearance:
            appearance = self.appear(self.where.view(state, image), proposal.z_where, noise[3:])
        state = self.where.explain(state, proposal.z_where, appearance)
        return state, InferenceStep(proposal, appearance)

    def appearances(
        self, image: Image, steps: InferenceStep, noise: Float[Array, "steps what"]
    ) -> Appearance:
        """Return the appearances of the objects of all steps, stacked as the steps are."""
        if steps.appearance is not None:
            return steps.appearance
        return jax.vmap(self.appear, in_axes=(None, 0, 0))(image, steps.proposal.z_where, noise)

    def unroll(
        self, image: Image, noise: Float[Array, "steps noise"], side: Side = 0.0
    ) -> Unrolled:
        """Run all N steps of inference as if every object were present.

        The counts are few and the continuous path is shared by all of them, so one run serves
        every n: objectives weigh its partial canvases by q(n).

        Args:
            image: Image, values in [0, 1].
            noise: Standard normal numbers; zeros give the posterior means.
            side: The side that objects are taken from first.
        """
        state, steps = self.where.begin(image, side), []
        # Unrolled: a loop on the CPU costs more a step than the code costs to compile.
        for i in range(self.config.n_steps):
            state, one = self.step(image, state, noise[i])
            steps.append(one)
        every = jax.tree.map(lambda *parts: jnp.stack(parts), *steps)
        proposals, objects = every.proposal, self.appearances(image, every, noise[:, 3:])

        canvases = [self.background.canvas(image)]
        # Split, not indexed: the gradient of an index fills an array with zeros for each object.
        layers = jax.tree.map(
            lambda x: jnp.split(x, self.config.n_steps), (objects.drawn, objects.mask)
        )
        for drawn, mask in zip(layers[0], layers[1] or [None] * len(layers[0]), strict=True):
            one = drawn[0], None if mask is None else mask[0]
            canvases.append(self.composition.add(canvases[-1], *one))
        log_likelihoods = [self.log_likelihood(image, canvas) for canvas in canvases]

        where = proposals.where_mean, proposals.where_scale, proposals.z_where
        return Unrolled(
            presence_logits=proposals.logit,
            z_where=proposals.z_where,
            z_what=objects.z_what,
            kl=self.kl(proposals, objects),
            log_ratio=log_ratio(*where) + log_ratio(objects.mean, objects.scale, objects.z_what),
            canvases=jnp.stack(canvases),
            log_likelihoods=jnp.stack(log_likelihoods),
        )

    def log_likelihood(self, image: Image, canvas: Image) -> Scalar:
        """Return log p(x | y), summed over pixels, in nats."""
        return self.likelihood.log_prob(image, canvas).sum()

    def compose(
        self,
        drawn: Float[Array, "steps channel height width"],
        mask: Float[Array, "steps height width"] | None,
        present: Bool[Array, " steps"],
    ) -> Image:
        """Return the canvas composed of the objects that are present, see `draw`."""
        canvas = self.background.canvas(drawn[0])
        for i in range(len(drawn)):
            one = self.composition.add(canvas, drawn[i], None if mask is None else mask[i])
            canvas = jnp.where(present[i], one, canvas)
        return canvas

    def kl(self, proposals: Proposal, objects: Appearance) -> Float[Array, " steps"]:
        """Return KL(q(z_i) || p(z_i)) of where and what of each step, in nats."""
        where = kl_from_prior(proposals.where_mean, proposals.where_scale)
        return where + kl_from_prior(objects.mean, objects.scale)

    def sample(self, key: PRNGKeyArray, count: Int[Array, ""]) -> Image:
        """Draw one scene from the prior p(x | n), without the noise of the pixels."""
        where_key, what_key = jax.random.split(key)
        n_steps = self.config.n_steps
        z_where = jax.random.normal(where_key, (n_steps, 3))
        z_what = jax.random.normal(what_key, (n_steps, self.config.n_what))
        return self.compose(*jax.vmap(self.draw)(z_where, z_what), jnp.arange(n_steps) < count)


def chosen_kinds(config: AIRConfig) -> dict[str, Any]:
    """Return what a configuration names, by the option: its network, its composition, and so on.

    Raises:
        InputError: If there is none of a name.
    """
    found = {}
    for what, kinds in KINDS.items():
        name = getattr(config, what)
        if name not in kinds:
            raise InputError(f"{what} is {name!r}; it should be one of {', '.join(kinds)}")
        found[what] = kinds[name]
    return found
