"""Shapes of one scene that many signatures share.

Args:
    Numbers: An array: JAX's in what is compiled, NumPy's on the way to it.
    Picture: What is seen: values in [0, 1] by height, width and channel.
    Canvases: The render before each step; of 0 channels for the recurrent network.
    Camera: Numbers of the camera, of z_camera for instance; none if it is fixed.
    Present: Whether each slot has an object.
    Kinds: Type of each slot's object.
    Slots: A number for each slot.
    Poses: Three numbers for each slot, z_where for instance.
    Alternatives: A number for each alternative of a slot: absent, then each type.
    Table: A number for each alternative of each slot.
    Total: One number.
"""

from typing import Any

from jaxtyping import Bool, Float, Int

Numbers = Any
Picture = Float[Numbers, "height width 3"]
Canvases = Float[Numbers, "slots height width seen"]
Camera = Float[Numbers, " cameras"]
Present = Bool[Numbers, " slots"]
Kinds = Int[Numbers, " slots"]
Slots = Float[Numbers, " slots"]
Poses = Float[Numbers, "slots 3"]
Alternatives = Float[Numbers, " alternatives"]
Table = Float[Numbers, "slots alternatives"]
Total = Float[Numbers, ""]
