"""MkDocs hook: equations become MathML when the site is built, so that pages need no script."""

import html
import re

from latex2mathml.converter import convert

EQUATION = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">\\[(\[](?P<latex>.+?)\\[)\]]</(?P=tag)>', re.DOTALL
)


def on_page_content(content: str, **_) -> str:
    """Replace what the arithmatex extension marked in the HTML of one page."""
    return EQUATION.sub(_mathml, content)


def _mathml(match: re.Match) -> str:
    display = "block" if match["tag"] == "div" else "inline"
    mathml = convert(html.unescape(match["latex"]).strip(), display=display)
    # The converter leaves no space between log and its argument.
    return re.sub(r"<mi>log</mi>(?=<mi>|<mfrac>)", r'\g<0><mspace width="0.167em" />', mathml)
