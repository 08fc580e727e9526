"""A Vega-Lite specification as SVG: most of what a page costs. Whoever wants only texts passes a `Draw` that draws nothing."""

from collections.abc import Callable
from typing import Any

import vl_convert

VEGA_LITE = "v5.20"
Draw = Callable[[dict[str, Any]], str]


def svg(spec: dict[str, Any]) -> str:
    return vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[])
