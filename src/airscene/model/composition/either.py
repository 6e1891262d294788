"""Objects lie on top of each other, in any order."""

from airscene.model.composition.over import Over
from airscene.model.shapes import AnyImage, AnyMask


class Either(Over):
    """The next object covers those so far, or is covered by them: whichever explains more.

        over:   y_i = y_{i-1} (1 - m_i) + m_i a_i
        under:  y_i = y_{i-1} + (1 - c_{i-1}) m_i a_i,  c_i = 1 - (1 - c_{i-1}) (1 - m_i)

    What attracts attention first need not lie below: an object is found as a whole, and what it
    hides is completed behind it. Deviation from the paper, whose objects add up (section 3.1).
    """

    def under(self, canvas: AnyImage, drawn: AnyImage, mask: AnyMask, covered: AnyMask) -> AnyImage:
        """Return the canvas with one more object below all that are there."""
        return canvas + (1.0 - covered) * drawn
