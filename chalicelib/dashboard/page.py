"""Renders the page's shell. It holds no data of any run, so it needs no key."""

from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.dashboard import assets

TEMPLATES = Path(__file__).with_name("templates")
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",  # no script may make elements out of text, ours included
        "trusted-types 'none'",
    )
)


def shell(run_id: str | None) -> str:
    """The page as HTML. `run_id` is what the address says, which may be anything: it is escaped."""
    rendered: str = _template().render(
        run_id=run_id or "", assets=f"assets/{assets.version()}", scripts=assets.scripts()
    )
    return rendered


@cache
def _template() -> Any:
    """Compiled once per container. Jinja is imported here: most containers never render a page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("shell.html")
