import numpy as np

from airscene.evaluation.figures.cells import colour_of, fitted, put_in_cells, shortened


def test_an_image_fits_its_cell_and_keeps_its_proportions():
    large, scale = fitted(np.ones((300, 600)), 100)
    assert large.shape == (50, 100, 3) and scale == 100 / 600
    small, scale = fitted(np.zeros((10, 5, 3)), 100)
    assert small.shape == (100, 50, 3) and scale == 10


def test_rows_are_as_high_as_their_highest_panel():
    panels = [np.zeros((40, 50, 3), np.uint8), np.zeros((20, 50, 3), np.uint8)]
    pixels = put_in_cells([panels, panels[1:]], [["a name"], []], 50)
    assert pixels.shape == (20 + 44 + 24, 104, 3)
    assert (pixels[20 + 1 : 20 + 39, 1:49] == 0).all()
    # Below the lower panel it is white.
    assert (pixels[20 + 20 : 20 + 44, 54:] == 255).all()


def test_of_a_long_name_the_end_is_left():
    text = shortened("a" * 90 + "-17.png", 100)
    assert text.startswith("...") and text.endswith("-17.png")
    assert shortened("17.png", 100) == "17.png"


def test_neighbours_differ_in_colour():
    colours = np.array([colour_of(k) for k in range(12)], int)
    assert np.abs(np.diff(colours, axis=0)).sum(axis=1).min() > 100
    assert len({tuple(c) for c in colours.tolist()}) == 12
