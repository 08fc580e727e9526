// Tables as CSV files, made in the page: nothing is asked for them.

/** Saves `rows` (arrays of texts, numbers and nulls) below `names` as a file. */
export function saveCsv(file, names, rows) {
  const text = [names, ...rows].map((row) => row.map(field).join(",")).join("\n");
  const url = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A text that a spreadsheet would take for a formula gets a quote before it. */
export function field(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
