"""The report: one well-formed page that needs nothing from elsewhere."""

import base64
import io
import json
import math
from html.parser import HTMLParser

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

from airscene.evaluation import html_report
from airscene.evaluation.report import _ticks

VOID = {"meta", "img", "path", "polyline"}


class Page(HTMLParser):
    """Collects elements and text, and insists that every element is closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.text = [], [], ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def picture(kind, colour):
    buffer = io.BytesIO()
    Image.new("RGB", (30, 20), colour).save(buffer, kind)
    return buffer.getvalue()


METRICS = [{"step": s, "objective": 6.0 * s - 200, "loss": "x"} for s in range(0, 2001, 1)] + [
    {"step": s, "count_accuracy": s / 2000} for s in range(0, 2001, 500)
]


def test_the_page_holds_everything_and_needs_nothing():
    figures = {"A <b>film</b> & more.": picture("GIF", "red"), "A grid": picture("PNG", "blue")}
    evaluation = {"count_accuracy": 0.98765, "elbo": 601.26, "confusion": [[5, 0]], "odd": None}
    config = {"name": "<script>alert(1)</script>", "steps": 1500}
    text = html_report('Run "<x>"', config, METRICS, evaluation, figures)
    page = Page(text)
    for shown in ('Run "<x>"', "98.77%", "601.3", "A <b>film</b> & more.", "A grid"):
        assert shown in page.text
    assert json.dumps(config["name"]) in page.text and '"confusion"' in page.text
    for image, data, kind in zip(page.all("img"), figures.values(), ("gif", "png"), strict=True):
        head, _, content = image["src"].partition(",")
        assert head == f"data:image/{kind};base64" and base64.b64decode(content) == data
        assert (image["width"], image["height"]) == ("30", "20") and image["alt"]
    # Nothing runs, and nothing is fetched.
    assert not {"script", "link", "iframe", "b"} & {tag for tag, _ in page.elements}
    assert "http" not in text and "url(" not in text and "@import" not in text
    assert page.all("details") and {"name": "viewport"}.items() <= page.all("meta")[1].items()


def test_errors_of_3d_scenes_are_headlines():
    evaluation = {"position_error": 0.0081, "rotation_error_cube": 4.96, "camera_error": math.nan}
    text = Page(html_report("x", {}, [], evaluation, {})).text
    assert "0.81%" in text and "5.0°" in text and "rotation error, cube" in text
    assert "nan" not in text


def test_a_page_does_not_say_without_labels_where_there_were_some():
    assert "without labels" in html_report("x", {}, [], {}, {})
    assert "without labels" not in html_report("x", {"labels": "type"}, [], {}, {})


def test_curves_are_thinned_but_keep_their_ends():
    page = Page(html_report("x", {}, METRICS, {}, {}))
    few, many = (line["points"].split() for line in page.all("polyline"))
    assert len(few) == 5 and 200 < len(many) <= 301
    assert few[0] == "52.0,176.0" and few[-1] == "336.0,10.0"
    assert many[0].split(",")[0] == "52.0" and many[-1].split(",")[0] == "336.0"
    assert "100%" in page.text and "2,000" in page.text


def test_what_is_missing_is_left_out():
    page = Page(html_report("x", {}, [{"step": 0, "objective": math.nan}], {"elbo": math.inf}, {}))
    tags = {tag for tag, _ in page.elements}
    assert tags == {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "h1",
        "p",
        "details",
        "summary",
        "pre",
    }


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6) | st.just(0))
def test_ticks_enclose_the_values(low, spread):
    assume(spread == 0 or spread > 1e-6 * abs(low))
    ticks = _ticks([low, low + spread])
    assert 2 <= len(ticks) <= 7
    step = ticks[1] - ticks[0]
    assert ticks[0] <= low + 1e-6 * step and low + spread <= ticks[-1] + 1e-6 * step
    assert all(
        b - a == pytest.approx(step, rel=1e-6) for a, b in zip(ticks, ticks[1:], strict=False)
    )
