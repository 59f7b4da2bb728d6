// The trials of a study: chosen columns, sorted and filtered by the server, fifty at a time.
import { get } from "../shared/api.js";
import { el, throttled } from "../shared/dom.js";
import { number } from "../shared/format.js";
import { isSignedOut } from "../shared/session.js";
import { menus } from "./menus.js";
import { columnsOf, everyId, remembered } from "./trials_columns.js";
import { conditionBar } from "./trials_conditions.js";
import { count } from "./words.js";
import { saveCsv } from "./trials_csv.js";

const PAGE = 50;
const EVERY_MS = 2000;
const STATES = ["running", "queued", "completed", "pruned", "failed", "cancelled"];
const MOST_COMPARED = 12;

/** `select(kept)` of what is returned narrows the table to what is brushed elsewhere; `news()` looks again. */
export function trialsTable(element, { study, base, executor }) {
  const columns = columnsOf(study, base, executor);
  const chosen = remembered(study, columns);
  const view = { order: "-number", state: "", where: [], brushed: [], offset: 0 };
  const compared = new Set();
  const rows = new Map();
  let reply = null;

  const body = el("tbody");
  const head = el("thead");
  const summary = el("p", { class: "soft", role: "status" });
  const compare = el("a", { class: "button", hidden: true });
  const trouble = el("p", { class: "problem", role: "alert" });
  const turn = (text, by) => el("button", { type: "button", onclick: () => look({ offset: Math.max(0, view.offset + by) }) }, text);
  const [previous, place, next] = [turn("Previous", -PAGE), el("span"), turn("Next", PAGE)];
  const pager = el("nav", { class: "actions", "aria-label": "Pages of trials" }, previous, place, next);
  const state = el("select", { onchange: () => look({ state: state.value }) },
    el("option", { value: "" }, "all"), ...STATES.map((each) => el("option", {}, each)));
  const conditions = conditionBar((where) => look({ where }), columns);
  element.replaceChildren(
    el("div", { class: "table-bar" },
      el("label", {}, "State ", state), conditions.element, columnChooser(columns, chosen, () => { rows.clear(); paint(); }),
      el("button", { type: "button", onclick: download }, "Download CSV"), compare),
    conditions.list, trouble, summary,
    el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Table of trials" }, el("table", { class: "trials" }, head, body)),
    pager,
  );
  menus(element.querySelector(".table-bar"));

  const query = (more = {}) => {
    const given = new URLSearchParams({ order_by: view.order, limit: PAGE, offset: view.offset, ...more });
    if (view.state) given.set("state", view.state);
    for (const condition of [...view.where, ...view.brushed]) given.append("where", condition);
    return `${base}/table?${given}`;
  };
  async function download({ currentTarget: button }) {
    button.disabled = true;
    try {
      await saveCsv(query, everyId(study, columns), study.name);
      trouble.textContent = "";
    } catch (error) {
      trouble.textContent = `There is no file: ${error.message}.`;
    }
    button.disabled = false;
  }
  let asked = 0;
  const refresh = async () => {
    asked += 1;
    const mine = asked;
    try {
      const fresh = await get(query());
      if (mine !== asked) return;
      reply = fresh;
      element.classList.remove("loading");
      trouble.textContent = "";
      paint();
    } catch (error) {
      if (mine !== asked) return;
      element.classList.remove("loading");
      trouble.textContent = isSignedOut() ? "" : error.message;
    }
  };
  const look = (changes) => {
    Object.assign(view, { offset: 0 }, changes);
    refresh();
  };

  let headed = "";
  function paintHead() {
    const now = [view.order, ...chosen].join("\n");
    if (now === headed) return;
    headed = now;
    const focused = document.activeElement?.closest("thead th")?.dataset.column;
    head.replaceChildren(el("tr", {}, el("th", {}, el("span", { class: "visually-hidden" }, "To compare")),
      ...columns.filter(({ id }) => chosen.has(id)).map((column) => heading(column, view.order, (order) => look({ order })))));
    if (focused) [...head.querySelectorAll("th")].find(({ dataset }) => dataset.column === focused)?.querySelector("button")?.focus();
  }

  function paint() {
    paintHead();
    if (reply === null) return;
    const focused = document.activeElement?.closest("tr[data-number]")?.dataset.number;
    const kept = new Map(rows);
    rows.clear();
    for (const trial of reply.rows) {
      const text = JSON.stringify(trial);
      const before = kept.get(trial.number);
      rows.set(trial.number, before?.text === text ? before : { text, row: line(trial) });
    }
    body.replaceChildren(...[...rows.values()].map(({ row }) => row));
    if (focused && !element.contains(document.activeElement)) body.querySelector(`[data-number="${focused}"] input`)?.focus();
    const narrowed = reply.matching < reply.total;
    summary.textContent = reply.rows.length === 0 ? "No trial is like that."
      : `${narrowed ? `${number(reply.matching)} of ${count(reply.total, "trial")}` : count(reply.total, "trial")}`
        + `${view.brushed.length ? ", as selected above" : ""}.`;
    paintPager();
    paintCompare();
  }

  const line = (trial) =>
    el("tr", { dataset: { number: trial.number } },
      el("td", {}, el("input", {
        type: "checkbox", checked: compared.has(trial.number), "aria-label": `Compare trial ${trial.number}`,
        onchange: ({ target }) => {
          compared[target.checked ? "add" : "delete"](trial.number);
          paintCompare();
        },
      })),
      ...columns.filter(({ id }) => chosen.has(id)).map((column) =>
        el("td", { class: column.numeric ? "num" : null }, column.cell(trial))));

  function paintCompare() {
    compare.hidden = compared.size === 0;
    const many = Math.min(compared.size, MOST_COMPARED);
    compare.textContent = compared.size > MOST_COMPARED ? `Compare the first ${many}` : `Compare ${count(many, "trial")}`;
    const wanted = [...compared].slice(0, MOST_COMPARED).map((trial) => `trial=${encodeURIComponent(`${study.name}/${trial}`)}`);
    compare.href = `/compare?${wanted.join("&")}`;
  }

  function paintPager() {
    pager.hidden = reply.matching <= PAGE;
    const last = Math.min(view.offset + PAGE, reply.matching);
    previous.disabled = view.offset === 0;
    next.disabled = last === reply.matching;
    place.textContent = `${number(view.offset + 1)}–${number(last)} of ${number(reply.matching)}`;
  }

  const soon = throttled(paint, EVERY_MS / 4);
  // The first look may be answered with what was read a moment ago for somebody else.
  const again = throttled(refresh, EVERY_MS);
  const news = throttled(() => refresh().then(again), EVERY_MS);
  refresh();
  return {
    news,
    epoch({ number: trial, epoch }) {
      const row = reply?.rows.find((each) => each.number === trial);
      if (!row) return;
      row.epochs = epoch + 1;
      soon();
    },
    select: (where) => look({ brushed: where }),
  };
}

function heading(column, order, sort) {
  if (!column.order) return el("th", { class: column.numeric ? "num" : null, scope: "col" }, column.label);
  const current = order.replace(/^-/, "") === column.order;
  const down = order.startsWith("-");
  const next = current ? (down ? column.order : `-${column.order}`) : column.first;
  return el("th", { class: column.numeric ? "num" : null, scope: "col", dataset: { column: column.id }, "aria-sort": current ? (down ? "descending" : "ascending") : null },
    el("button", { type: "button", class: "sort", onclick: () => sort(next) },
      column.label, el("span", { "aria-hidden": "true" }, current ? (down ? " ▾" : " ▴") : "")));
}

function columnChooser(columns, chosen, changed) {
  const boxes = columns.map(({ id, label }) =>
    el("label", {}, el("input", {
      type: "checkbox", checked: chosen.has(id), disabled: id === "number",
      onchange: ({ target }) => {
        chosen.choose(id, target.checked);
        changed();
      },
    }), ` ${label}`));
  return el("details", { class: "columns" }, el("summary", { class: "button" }, "Columns"), el("div", { class: "choices" }, ...boxes));
}
