"use strict";
// The page is complete without this: it only filters and sorts what is there.
(() => {
  const form = document.querySelector(".filters");
  if (form) {
    const rows = [...document.querySelectorAll("tr[data-machine]")];
    const marks = [...document.querySelectorAll("svg [data-machine]")];
    const cards = [...document.querySelectorAll("[data-benchmark]")];
    const providers = new Map(rows.filter((r) => r.dataset.provider).map((r) => [r.dataset.machine, r.dataset.provider]));
    const found = form.querySelector(".found");
    const apply = () => {
      const chosen = new Set([...form.querySelectorAll("[name=provider]:checked")].map((box) => box.value));
      const machine = form.elements.machine.value.trim().toLowerCase();
      const benchmark = form.elements.benchmark.value.trim().toLowerCase();
      const known = [...providers.keys()];
      const kept = new Set(known.filter((name) => chosen.has(providers.get(name)) && name.toLowerCase().includes(machine)));
      const wanted = (one) => one.dataset.benchmark === undefined || one.dataset.benchmark.toLowerCase().includes(benchmark);
      for (const card of cards) if (card.tagName !== "TR") card.hidden = !wanted(card);
      for (const row of rows) row.hidden = (providers.has(row.dataset.machine) && !kept.has(row.dataset.machine)) || !wanted(row);
      for (const mark of marks) {
        const name = mark.dataset.machine;
        mark.classList.toggle("dim", providers.has(name) && !kept.has(name));
      }
      const all = kept.size === known.length && benchmark === "";
      found.textContent = all ? "" : `${kept.size} of ${known.length} ${form.dataset.nouns} are shown. Places and differences are those of the whole report.`;
    };
    form.hidden = false;
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(apply));
    const asked = new URLSearchParams(location.search);
    for (const name of ["machine", "benchmark"]) if (asked.get(name)) form.elements[name].value = asked.get(name);
    apply();
  }

  const value = (row, column) => {
    const cell = row.cells[column];
    if (!cell) return "";
    const text = cell.dataset.sort ?? cell.textContent.trim();
    const number = Number.parseFloat(text.replaceAll(",", ""));
    return text !== "" && !Number.isNaN(number) && cell.classList.contains("n") ? number : text.toLowerCase();
  };
  const order = (a, b) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    if (table.tBodies[0].rows.length < 2) continue;
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const keyed = [...table.tBodies[0].rows].map((row) => [value(row, column), row]);
        const blanks = keyed.filter(([key]) => key === "");
        const rest = keyed.filter(([key]) => key !== "").sort(([a], [b]) => (down ? order(b, a) : order(a, b)));
        table.tBodies[0].append(...[...rest, ...blanks].map(([, row]) => row));
      });
    });
  }
})();
