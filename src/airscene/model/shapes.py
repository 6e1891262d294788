"""Shapes that many signatures share.

Args:
    Scalar: One number.
    Image: An image, a canvas or an object on it: values in [0, 1] by channel, height and width.
    AnyArray: Numbers of JAX or of NumPy, in any shape.
    AnyImage: An image, of JAX or of NumPy.
    AnyMask: How much of each pixel an object covers, of JAX or of NumPy.
    Mask: How much of each pixel an object covers, in [0, 1].
    Seen: What windows are read from: the image, or what is left of it, by channel.
    Window: What an attention window holds, by channel, row and column of its cells.
    Where: A standardised pose (z_s, z_x, z_y): scale, then place.
    Place: A place (x, y), in [-1, 1] across the image.
    Counts: A number for each count of objects, 0 to N.
    Side: The side that objects are taken from first, see `WhereProposal.begin`.
    Squares: A number for each square that the image is pooled to, in rows.
"""

from typing import Any

from jaxtyping import Array, Float

Scalar = Float[Array, ""]
Image = Float[Array, "channel height width"]
# No union: a type checker would want each operation to be the same of both.
AnyArray = Any
AnyImage = Any
AnyMask = Any
Mask = Float[Array, "height width"]
Seen = Float[Array, "seen height width"]
Window = Float[Array, "channel cell cell"]
Where = Float[Array, " 3"]
Place = Float[Array, " 2"]
Counts = Float[Array, " counts"]
Side = Scalar | float
Squares = Float[Array, "rows columns"]
