// The trials of a table as a CSV file: all that match, with all that the table could show, and every digit.
import { get } from "../shared/api.js";
import { el } from "../shared/dom.js";

const AT_A_TIME = 1000;
const KEPT_MS = 60_000;

/**
 * Have the browser save them. `address(more)` is where the table's rows are, with `more` in its query; `ids` name
 * what each row tells. Throws a Problem.
 */
export async function saveCsv(address, ids, name) {
  const trials = [];
  let page;
  do {
    // By their numbers: what changes meanwhile keeps its place.
    page = await get(address({ order_by: "number", limit: AT_A_TIME, offset: trials.length }));
    trials.push(...page.rows);
  } while (page.rows.length > 0 && trials.length < page.matching);
  const lines = [ids, ...trials.map((trial) => ids.map((id) => raw(trial, id)))];
  save(lines.map((line) => line.map(cell).join(",")).join("\r\n"), `${name}-trials.csv`);
}

function raw(trial, id) {
  const [, group, name] = /^(values|parameters)\.(.*)$/s.exec(id) ?? [];
  return group ? trial[group]?.[name] : trial[id];
}

/** Quoted where it must be; what a spreadsheet would take for a formula is made text. */
function cell(it) {
  if (it === null || it === undefined) return "";
  if (typeof it !== "string") return String(it);
  const text = /^[=+\-@\t\r]/.test(it) && !isNumber(it) ? `'${it}` : it;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const isNumber = (text) => text.trim() !== "" && Number.isFinite(Number(text));

function save(text, name) {
  const url = URL.createObjectURL(new Blob([text, "\r\n"], { type: "text/csv;charset=utf-8" }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
