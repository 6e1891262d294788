"""Networks that answer questions about a scene: from objects, an embedding, or its pixels."""

import math
from itertools import pairwise
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from airscene.baselines.convolution import convolve, convolve_grey_and_pool, kernel, max_pool
from airscene.baselines.two_digits import CLASSES, DIGITS, Task, log_answer, softmax_pair
from airscene.model.shapes import Scalar

Outputs = Float[Array, "b outputs"]


class Perturbation(NamedTuple):
    """What is done to a network in training, so that it does not learn its few scenes by heart.

    Args:
        key: Randomness.
        dropout: Share of the units of each hidden layer that are left out.
        noise: Deviation of noise on standardised embeddings; of pixels there is none.
    """

    key: PRNGKeyArray
    dropout: float = 0.0
    noise: Scalar | float = 0.0


class Head(eqx.Module):
    """Layers of hidden units with ReLUs, in the paper four of 512 (appendix E).

    Args:
        n_in: Length of the embedding.
        n_out: Number of outputs.
        layers: Number of hidden layers.
        width: Units of each.
    """

    layers: list[eqx.nn.Linear]

    def __init__(
        self, n_in: int, n_out: int, layers: int = 4, width: int = 512, *, key: PRNGKeyArray
    ):
        sizes = pairwise([n_in, *[width] * layers, n_out])
        keys = jax.random.split(key, layers + 1)
        self.layers = [eqx.nn.Linear(a, b, key=k) for (a, b), k in zip(sizes, keys, strict=True)]

    def __call__(
        self,
        embeddings: Float[Array, "b n_in"],
        perturbation: Perturbation | None = None,
    ) -> Outputs:
        """Return the outputs for embeddings.

        Args:
            embeddings: Embeddings.
            perturbation: What is done to them and to the units, in training.
        """
        units = embeddings
        if perturbation is not None:
            units += perturbation.noise * jax.random.normal(perturbation.key, units.shape)
        for i, layer in enumerate(self.layers[:-1]):
            units = drop(jax.nn.relu(jax.vmap(layer)(units)), perturbation, i)
        return jax.vmap(self.layers[-1])(units)


class CNN(eqx.Module):
    """64 x (5x5) - 64 x (5x5) - 64 x (5x5) - 512, and the outputs (appendix E).

    The paper gives the layers and neither stride nor pooling. Here each convolution is followed
    by a ReLU and max-pooling of 2x2; the first has a stride of 2, the others keep the size of
    their maps, which from 50x50 pixels have 12, 6 and 3 rows and columns. With a first stride of 1
    a step takes four times as long, and in the one comparison made (5,000 labels, 750 steps) it was
    no better.

    It takes a batch, not one scene, as `convolve` wants the images of a batch beside each other.

    Args:
        image_size: Height and width of the images, in pixels.
        n_out: Number of outputs.
    """

    kernels: list[Float[Array, "..."]]
    biases: list[Float[Array, " 64"]]
    hidden: eqx.nn.Linear
    answer: eqx.nn.Linear

    def __init__(self, image_size: tuple[int, int], n_out: int, *, key: PRNGKeyArray):
        keys = jax.random.split(key, 5)
        shapes = [(5, 5, 64), (5, 5, 64, 64), (5, 5, 64, 64)]
        self.kernels = [kernel(k, *shape) for k, shape in zip(keys[:3], shapes, strict=True)]
        self.biases = [jnp.zeros(64)] * 3
        sides = [((n - 5) // 2 + 1 + 7) // 8 for n in image_size]
        self.hidden = eqx.nn.Linear(64 * math.prod(sides), 512, key=keys[3])
        self.answer = eqx.nn.Linear(512, n_out, key=keys[4])

    def __call__(
        self,
        images: Float[Array, "b 1 height width"],
        perturbation: Perturbation | None = None,
    ) -> Outputs:
        """Return the outputs for grey images; dropout is of the 512 units, and noise left out."""
        # A bias that is the same for the four of a square may be added after pooling.
        first, *others = zip(self.kernels, self.biases, strict=True)
        pixels = images[:, 0].transpose(1, 2, 0)
        maps = jax.nn.relu(convolve_grey_and_pool(pixels, first[0], stride=2) + first[1])
        for weights, bias in others:
            maps = jax.nn.relu(max_pool(convolve(maps, weights, padding=2)) + bias)
        units = maps.transpose(2, 0, 1, 3).reshape(len(images), -1)
        units = drop(jax.nn.relu(jax.vmap(self.hidden)(units)), perturbation)
        return jax.vmap(self.answer)(units)


class PlainAnswer(eqx.Module):
    """An answer for each class, as the paper has it: a softmax over a network's outputs.

    Args:
        network: A network with as many outputs as the task has classes.
    """

    network: Head | CNN

    def __call__(
        self,
        inputs: Float[Array, "b *shape"],
        perturbation: Perturbation | None = None,
    ) -> Float[Array, "b classes"]:
        """Return the log-probability of each answer."""
        return jax.nn.log_softmax(self.network(inputs, perturbation))


class DigitsAnswer(eqx.Module):
    """What `ObjectsAnswer` is to objects, for what has none: a softmax for each of two digits.

    The answer is worked out of the two, see `log_answer`; the first is the left one.

    Args:
        network: A network with twenty outputs.
        task: What is asked.
    """

    network: Head | CNN
    task: Task = eqx.field(static=True)

    def __call__(
        self,
        inputs: Float[Array, "b *shape"],
        perturbation: Perturbation | None = None,
    ) -> Float[Array, "b classes"]:
        """Return the log-probability of each answer."""
        pair = softmax_pair(self.network(inputs, perturbation))
        return log_answer(self.task, *pair, jnp.ones(len(inputs)))


class ObjectsAnswer(eqx.Module):
    """One softmax over digits shared by the objects, and the answer worked out of the two.

    An object is given as its presence, z_where (scale, x, y) and z_what. The digit of object k is
    believed to be

        q_k = p_k softmax(network(z_k)) + (1 - p_k) m

    with p_k its presence as inferred, and m a distribution that is learnt, for objects that were
    not found. The sum is their convolution. For the order, the first is the left one with
    probability `sigmoid(s (x_2 - x_1))`, s learnt: what is nearly above each other may be either.

    Args:
        network: A network of an object, with ten outputs.
        task: What is asked.
    """

    network: Head
    missing: Float[Array, " digits"]
    log_sharpness: Scalar
    task: Task = eqx.field(static=True)

    def __init__(self, network: Head, task: Task):
        self.network, self.task = network, task
        self.missing, self.log_sharpness = jnp.zeros(DIGITS), jnp.log(jnp.float32(10.0))

    def __call__(
        self,
        objects: Float[Array, "b 2 numbers"],
        perturbation: Perturbation | None = None,
    ) -> Float[Array, "b classes"]:
        """Return the log-probability of each answer.

        Args:
            objects: Two objects, each its presence, z_where and z_what; zeros where there is none.
            perturbation: As for `Head`. Objects are compared by their x as it is.
        """
        presence, codes = objects[..., :1], objects[..., 1:]
        logits = self.network(codes.reshape(-1, codes.shape[2]), perturbation)
        digits = jax.nn.softmax(logits).reshape(-1, 2, DIGITS)
        digits = presence * digits + (1.0 - presence) * jax.nn.softmax(self.missing)
        x = codes[:, :, 1]
        first_is_left = jax.nn.sigmoid(jnp.exp(self.log_sharpness) * (x[:, 1] - x[:, 0]))
        return log_answer(self.task, digits[:, 0], digits[:, 1], first_is_left)


Classifier = PlainAnswer | DigitsAnswer | ObjectsAnswer


def make_classifier(
    task: Task, shape: tuple[int, ...], digits: bool, layers: int, width: int, key: PRNGKeyArray
) -> Classifier:
    """Make a classifier of inputs of a shape, with the weights that it has before training.

    Args:
        task: What is asked.
        shape: Of one scene: objects and their numbers; the length of an embedding; or an image's
            channel, height and width.
        digits: Whether the answer is worked out of two digits; of objects it always is.
        layers: Hidden layers of a network of objects or embeddings.
        width: Units of each.
        key: Randomness of the weights.
    """
    if len(shape) == 2:
        return ObjectsAnswer(Head(shape[1] - 1, DIGITS, layers, width, key=key), task)
    n_out = 2 * DIGITS if digits else CLASSES[task]
    network = (
        Head(shape[0], n_out, layers, width, key=key)
        if len(shape) == 1
        else CNN((shape[1], shape[2]), n_out, key=key)
    )
    return DigitsAnswer(network, task) if digits else PlainAnswer(network)


def drop(
    units: Float[Array, "*shape"], perturbation: Perturbation | None, layer: int = 0
) -> Float[Array, "*shape"]:
    """Dropout: set a share of a layer's units to zero, and raise the others to make up for it."""
    if perturbation is None or not perturbation.dropout:
        return units
    kept, key = 1.0 - perturbation.dropout, jax.random.fold_in(perturbation.key, layer)
    return units * jax.random.bernoulli(key, kept, units.shape) / kept
