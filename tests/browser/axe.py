"""What axe-core says about a page.

Its check of contrasts takes nine tenths of the time on a page with many tables. A contrast comes of an element's style and of
its ancestors': of the texts that agree in both, the first is checked. All other rules see the whole page.
"""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GRAVE = ["serious", "critical"]
_RUN = """async (grave) => {
  const look = (one) => {
    const style = getComputedStyle(one);
    return [style.color, style.backgroundColor, style.backgroundImage, style.opacity, style.filter, style.textShadow,
      style.fontSize, style.fontWeight].join();
  };
  const looks = new Map();
  const whole = (one) => {
    if (!one) return "";
    if (!looks.has(one)) looks.set(one, `${look(one)}|${whole(one.parentElement)}`);
    return looks.get(one);
  };
  const shows = (one) => one.matches("input, select, textarea") ||
    [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const firsts = new Map();
  for (const one of document.body.querySelectorAll("*"))
    if (one.checkVisibility() && shows(one) && !firsts.has(whole(one))) firsts.set(whole(one), one);
  const resultTypes = ["violations"];
  const rest = await axe.run(document, { resultTypes, rules: { "color-contrast": { enabled: false } } });
  const contrast = await axe.run({ include: [...firsts.values()] }, { resultTypes, runOnly: ["color-contrast"] });
  return [...rest.violations, ...contrast.violations].filter((each) => grave.includes(each.impact))
    .map((each) => [each.id, each.nodes.map((node) => node.html)]);
}"""


def grave_findings(page: Page) -> list[Any]:
    """Rules with the elements that break them."""
    page.evaluate(Axe().axe_script)
    found: list[Any] = page.evaluate(_RUN, GRAVE)
    return found
