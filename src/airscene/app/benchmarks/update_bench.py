"""The part of `make bench` that is of updates: an update beside its own matrix products."""

import math
import statistics
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from airscene.app.benchmarks.bench_row import Row, bench_row
from airscene.training.batches import batch_indices
from airscene.training.config import LoopConfig
from airscene.training.state import Objective, initial_state, make_run, make_update

REPEATS = 7


def seconds_of(call: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median seconds of a call, after one to warm up."""
    jax.block_until_ready(call())
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        jax.block_until_ready(call())
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def products(jaxpr: Any, times: int = 1) -> Counter:
    """Count every matrix product of a computation: operand shapes, contracted and batch axes.

    Those of a loop of known length count as often as it runs.
    """
    found = Counter()
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            shapes = tuple(v.aval.shape for v in equation.invars)
            found[(*shapes, equation.params["dimension_numbers"])] += times
        inside = times * equation.params.get("length", 1)
        for value in equation.params.values():
            for inner in jax.tree.leaves(value, is_leaf=lambda v: hasattr(v, "eqns")):
                inner = getattr(inner, "jaxpr", inner)
                if hasattr(inner, "eqns"):
                    found.update(products(inner, inside))
    return found


def operations(left: tuple, right: tuple, numbers: tuple) -> int:
    """Multiplications and additions of one product."""
    (_, contracted), (_, batch) = numbers
    free = [n for axis, n in enumerate(right) if axis not in (*contracted, *batch)]
    return 2 * math.prod(left) * math.prod(free)


def alone(dots: Counter) -> Callable[[], Any]:
    """Return a call that makes the products, and nothing else.

    A product that is made many times is a loop over as many of its smaller operand, as one that
    does not change would be made once.
    """
    made, operands = [], []
    for (left, right, numbers), times in dots.items():
        if math.prod(left) > math.prod(right):
            fixed, smaller = left, right
            made.append(lambda fixed, x, n=numbers: jax.lax.dot_general(fixed, x, n))
        else:
            fixed, smaller = right, left
            made.append(lambda fixed, x, n=numbers: jax.lax.dot_general(x, fixed, n))
        operands.append((jnp.ones(fixed), jnp.ones((times, *smaller))))

    @jax.jit
    def run(operands):
        each = zip(made, operands, strict=True)
        return [jax.lax.map(partial(one, fixed), many) for one, (fixed, many) in each]

    return lambda: run(operands)


def update_rows(
    name: str,
    model: eqx.Module,
    config: LoopConfig,
    images: np.ndarray,
    objective: Objective,
    steps: int,
) -> list[Row]:
    """An update against its own matrix products, and against one large product.

    The first floor is the same products, one after the other in one program, and nothing else; the
    second is the same number of operations at the rate of a 1024x1024 product.

    Args:
        name: What the model and its training are called.
        model: The model.
        config: How it is trained; of this, the batch counts.
        images: Images to train on.
        objective: The objective.
        steps: Updates that are timed at once.
    """
    run = make_run(model, config, (jnp.asarray(images),), objective)
    indices = batch_indices(len(images), config.batch_size, 0, 0, steps)
    state = initial_state(model, config)

    def step():
        nonlocal state
        state, value = run(state, indices, steps)
        return value

    update = make_update(model, config, objective)
    batch = jnp.zeros((config.batch_size, *images.shape[1:]))
    traced = jax.make_jaxpr(update)(state, (batch,), jax.random.key(config.seed))
    dots = products(traced.jaxpr)
    flops = sum(times * operations(*dot) for dot, times in dots.items())
    square = jax.random.normal(jax.random.key(1), (1024, 1024))
    multiply, same_products = jax.jit(lambda a: a @ a), alone(dots)

    # By turns, so that a slow moment of the machine falls on all of them.
    took, same, peak = [], [], []
    for _ in range(5):
        took.append(seconds_of(step, 3) / steps)
        same.append(seconds_of(same_products, 9))
        peak.append(flops * seconds_of(lambda: multiply(square), 5) / (2 * 1024**3))
    took, same, peak = (statistics.median(times) for times in (took, same, peak))
    what = f"training step, {name}, batch {config.batch_size}"
    floors = {
        f"its {flops / 1e6:,.0f} Mflop of products alone": same,
        "the same at the rate of a 1024x1024 product": peak,
    }
    return [bench_row(what, took * 1e3, "ms", floor, at * 1e3) for floor, at in floors.items()]
