"""What is wrong with a page as it stands: by axe, and by rules of our own."""

from playwright.sync_api import Page

#: what axe calls an impact that nobody may meet
GRAVE = ("serious", "critical")

_AXE = """() => axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  rules: {"target-size": {enabled: true}},
  resultTypes: ["violations"],
}).then(found => found.violations.flatMap(rule => rule.nodes.map(node => ({
  rule: rule.id, impact: node.impact || rule.impact, place: node.target.join(" "),
  why: (node.any.concat(node.all, node.none)[0] || {}).message || rule.help,
}))))"""

_OWN = """phone => {
  const found = [];
  const say = (rule, node) => found.push(rule + ": " + node.outerHTML.slice(0, 160));
  const shown = node => node.checkVisibility({visibilityProperty: true});
  const all = selector => [...document.querySelectorAll(selector)].filter(shown);
  for (const node of all("[tabindex]")) if (node.tabIndex > 0) say("positive tabindex", node);
  const dialog = document.querySelector("dialog[open]");
  const heads = all("main h1, .enter h1").length;
  if (!dialog && heads !== 1) found.push("number of h1: " + heads);
  for (const cell of all("table.tbl thead th")) if (!cell.scope) say("header without scope", cell);
  for (const table of all("table"))
    if (!table.caption && !table.matches("[aria-label], [aria-labelledby]"))
      say("table without a name", table);
  for (const table of all("table.tbl"))
    if (!table.tHead && !table.querySelector("th[scope=row]")) say("table without headers", table);
  if (!document.querySelector("main")) found.push("no main");
  if (phone) {
    const inline = node => getComputedStyle(node).display === "inline" && node.tagName === "A";
    for (const node of all("a[href], button, summary, select, input:not([type=hidden])")) {
      // how large a box on a page is, the page decides
      if (node.matches(".skip, .visually-hidden, .box") || inline(node)) continue;
      if (dialog && !dialog.contains(node)) continue;
      const label = node.matches("[type=checkbox], [type=radio]") && node.closest("label");
      const box = (label || node).getBoundingClientRect();
      // links to pages may be lower, with room between them
      const least = node.matches(".pchip") ? 30 : 44;
      if (box.width < least - 0.5 || box.height < least - 0.5)
        say(`target of ${Math.round(box.width)} × ${Math.round(box.height)} px`, node);
    }
  }
  return found;
}"""


def by_axe(page: Page, axe: str) -> list[str]:
    """Name what axe finds serious or critical: the rule, the selector, the reason."""
    page.evaluate(axe)
    return [
        f"{one['rule']} ({one['impact']}): {one['place']}: {one['why']}"
        for one in page.evaluate(_AXE)
        if one["impact"] in GRAVE
    ]


def by_rule(page: Page, *, phone: bool) -> list[str]:
    """Name what is against our own rules: headings, tables, order, targets of 44 px on a phone."""
    return [str(one) for one in page.evaluate(_OWN, phone)]


def wider_than(page: Page, width: int) -> list[str]:
    """Say when the page scrolls sideways in a window of this width (pixels)."""
    page.set_viewport_size({"width": width, "height": 844})
    reach = int(page.evaluate("document.documentElement.scrollWidth"))
    return [f"{reach} px wide in a window of {width}"] if reach > width else []
