"""Every result, by its name."""

from airscene.paper.counting.dair import dair
from airscene.paper.counting.films import films
from airscene.paper.counting.generalisation import generalisation
from airscene.paper.counting.multi_mnist import multi_mnist
from airscene.paper.counting.multi_mnist_shrunk import multi_mnist_shrunk
from airscene.paper.counting.omniglot import omniglot
from airscene.paper.counting.policies import policies
from airscene.paper.counting.sizes import sizes
from airscene.paper.counting.sprites import sprites
from airscene.paper.downstream.downstream import downstream
from airscene.paper.draw import draw
from airscene.paper.estimators.estimators import estimators
from airscene.paper.estimators.finite_differences import finite_differences
from airscene.paper.estimators.scene_estimators import scene_estimators
from airscene.paper.rendered.refinement import refinement
from airscene.paper.rendered.robustness import robustness
from airscene.paper.rendered.single_object import single_object
from airscene.paper.rendered.tabletop import tabletop
from airscene.paper.rendered.tabletop_camera import tabletop_camera
from airscene.paper.speed.inference_speed import inference_speed
from airscene.paper.speed.scene_inference_speed import scene_inference_speed

# Functions of whether it is to be the quick version.
RESULTS = {
    "multi-mnist": multi_mnist,
    "sizes": sizes,
    "multi-mnist-shrunk": multi_mnist_shrunk,
    "dair": dair,
    "estimators": estimators,
    "generalisation": generalisation,
    "draw": draw,
    "downstream": downstream,
    "sprites": sprites,
    "omniglot": omniglot,
    "policies": policies,
    "films": films,
    "inference-speed": inference_speed,
    "finite-differences": finite_differences,
    "single-object": single_object,
    "tabletop": tabletop,
    "tabletop-camera": tabletop_camera,
    "refinement": refinement,
    "robustness": robustness,
    "scene-estimators": scene_estimators,
    "scene-inference-speed": scene_inference_speed,
}
