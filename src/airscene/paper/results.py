"""Every result, by its name."""

from functools import partial
from importlib import import_module

from airscene.paper.result import Result

# The module of each, in which its function has its name.
_MODULES = {
    "multi-mnist": "counting.multi_mnist",
    "sizes": "counting.multi_mnist",
    "multi-mnist-shrunk": "counting.multi_mnist",
    "dair": "counting.multi_mnist",
    "ablations": "counting.ablations",
    "estimators": "estimators.estimators",
    "generalisation": "counting.generalisation",
    "draw": "draw",
    "downstream": "downstream.downstream",
    "sprites": "counting.sprites",
    "omniglot": "counting.omniglot",
    "stress": "counting.stress",
    "policies": "counting.policies",
    "occam": "counting.occam",
    "exchangeable": "counting.exchangeable",
    "films": "counting.films",
    "inference-speed": "speed",
    "finite-differences": "estimators.finite_differences",
    "single-object": "rendered.single_object",
    "tabletop": "rendered.tabletop",
    "tabletop-camera": "rendered.tabletop",
    "refinement": "rendered.refinement",
    "robustness": "rendered.robustness",
    "scene-estimators": "estimators.scene_estimators",
    "scene-inference-speed": "speed",
    "own-images": "own.own_images",
    "known-masks": "own.known_masks",
    "scan-cost": "own.scan_cost",
    "own-ablations": "own.own_ablations",
    "exact-counts": "own.exact_counts",
    "unlike": "unlike",
}


def make_result(name: str, quickly: bool = False) -> Result:
    """Return a result, or its quick version. Its module imports JAX, which takes a second."""
    module = import_module(f"airscene.paper.{_MODULES[name]}")
    return getattr(module, name.replace("-", "_"))(quickly)


# Functions of whether it is to be the quick version.
RESULTS = {name: partial(make_result, name) for name in _MODULES}
