// Parallel coordinates with brushing. plotly.js draws them with WebGL, for which it evaluates strings; the policy of
// these pages forbids that, so they are drawn here, on a canvas.
import { quality } from "../shared/colour_scale.js";
import { el, throttled } from "../shared/dom.js";
import { number } from "../shared/format.js";
import { axisOf } from "./parallel_axes.js";
import { HEIGHT, Picture } from "./parallel_canvas.js";
import { filters } from "./parallel_filters.js";
import { wantsLog } from "./charts.js";
import { count, short, thinned } from "./words.js";

const NEAR_AXIS = 16;
const AXIS_WIDTH = 104;

/**
 * `select(kept)` hears what is kept on each axis, by `parameters.NAME` or `values.METRIC`: `{min, max}` (null: open) or `{categories}`; `open(trial)`
 * that one was clicked. `show(data)` of what is returned draws the trials of `charts/parallel`.
 */
export function parallel(element, { select, open }) {
  const kept = new Map();
  const lines = el("canvas", { class: "lines", "aria-hidden": "true" });
  const overlay = el("canvas", { class: "overlay", role: "img" });
  const names = el("div", { class: "axis-names", "aria-hidden": "true" });
  const tip = el("div", { class: "parallel-tip", hidden: true });
  const stage = el("div", { class: "stage" }, names, lines, overlay, tip);
  const scroll = el("div", { class: "parallel-scroll", tabindex: "0", role: "region", "aria-label": "Parallel coordinates" }, stage);
  const selected = el("span", { role: "status" });
  const clear = el("button", { type: "button", hidden: true, onclick: () => keepAll() }, "Show all");
  const legend = el("div", { class: "legend" });
  const boxes = el("div", { class: "filters" });
  const byNumbers = el("details", { class: "by-numbers" }, el("summary", {}, "Choose ranges by typing"), boxes);
  const note = el("p", { class: "chart-note" });
  element.replaceChildren(el("div", { class: "parallel-bar" }, selected, clear, legend), scroll, byNumbers, note);

  const picture = new Picture(lines, overlay);
  let data = null;
  let axes = [];
  let columns = [];
  let inside = [];
  let inputs = null;

  const passes = (row) => axes.every((axis, index) => {
    const rule = kept.get(axis.key);
    return !rule || axis.keeps(rule, columns[index][row]);
  });
  const heard = throttled(() => select(new Map(kept)), 250);
  const redraw = () => {
    const objective = axes.at(-1);
    const better = data.objective.direction === "maximize" ? (place) => place : (place) => 1 - place;
    inside = data.number.map((_, row) => passes(row));
    picture.draw(
      (row) => (inside[row] ? quality(better(objective.place(data.value[row]))) : null),
      (index) => (kept.has(axes[index].key) ? axes[index].span(kept.get(axes[index].key)) : null),
    );
    const many = inside.filter(Boolean).length;
    selected.textContent = kept.size ? `${number(many)} of ${count(inside.length, "trial")} selected` : count(inside.length, "completed trial");
    clear.hidden = kept.size === 0;
    overlay.setAttribute("aria-label", `Parallel coordinates of ${count(inside.length, "trial")} over ${
      axes.map(({ name }) => name).join(", ")}; ${many} selected. Ranges can be typed below.`);
  };
  const soon = frame(redraw);

  const keep = (axis, rule) => {
    const all = rule === null || (axis.categories
      ? rule.categories.length === 0 || rule.categories.length === axis.categories.length
      : rule.min === null && rule.max === null);
    if (all) kept.delete(axis.key);
    else kept.set(axis.key, rule);
    inputs.show(kept);
    soon();
    heard();
  };
  const keepAll = () => {
    kept.clear();
    inputs.show(kept);
    soon();
    heard();
  };

  const layOut = () => {
    if (data === null) return;
    const width = Math.max(scroll.clientWidth, axes.length * AXIS_WIDTH);
    stage.style.width = `${width}px`;
    picture.resize(width);
    names.replaceChildren(...axes.map((axis, index) => {
      const name = el("span", { title: axis.name }, broken(short(axis.name, 20)));
      name.style.left = `${picture.x(index)}px`;
      return name;
    }));
    redraw();
  };
  new ResizeObserver(layOut).observe(scroll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => data && (layOut(), showLegend(legend, data)));

  brushing(overlay, picture, () => axes, keep);
  hovering(overlay, picture, tip, (row) => inside[row], (row) => `trial ${data.number[row]}: ${number(data.value[row])}`,
    (row) => open(data.number[row]));

  return {
    show(fresh) {
      data = fresh;
      const { objective, dimensions, value } = data;
      const log = wantsLog(value);
      const result = { key: `values.${objective.metric}`, name: objective.metric, type: "float", log, min: Math.min(...value), max: Math.max(...value) };
      const before = axes.map(({ key }) => key).join();
      axes = [...dimensions.map((each) => ({ ...each, key: `parameters.${each.name}` })), result].map(axisOf);
      columns = [...dimensions.map(({ values }) => values), value];
      picture.load(axes, columns, value.length);
      if (axes.map(({ key }) => key).join() !== before) {
        inputs = filters(axes, keep);
        boxes.replaceChildren(...inputs.elements);
      }
      showLegend(legend, data);
      note.textContent = ["Drag along an axis to select; click it to select all again. A click on a line opens its trial.", thinned(data)].join(" ");
      layOut();
    },
  };
}

/** With places in it where a line may end. */
const broken = (name) => name.replace(/([_.\-/])/g, "$1\u200b");

/** Drag along an axis: what is between the two ends is kept. A click on it keeps all. */
function brushing(canvas, picture, axes, keep) {
  let from = null;
  const axisAt = (x) => axes().findIndex((_, index) => Math.abs(picture.x(index) - x) <= NEAR_AXIS);
  canvas.addEventListener("pointerdown", (event) => {
    const index = axisAt(event.offsetX);
    if (index < 0) return;
    from = { index, y: event.offsetY };
    canvas.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    canvas.classList.toggle("on-axis", axisAt(event.offsetX) >= 0);
    if (from === null || Math.abs(event.offsetY - from.y) < 4) return;
    const axis = axes()[from.index];
    const [low, high] = [picture.place(Math.max(event.offsetY, from.y)), picture.place(Math.min(event.offsetY, from.y))];
    keep(axis, axis.between(low, high));
  });
  canvas.addEventListener("pointerup", (event) => {
    if (from !== null && Math.abs(event.offsetY - from.y) < 4) keep(axes()[from.index], null);
    from = null;
  });
  canvas.addEventListener("pointercancel", () => (from = null));
}

function hovering(canvas, picture, tip, among, words, open) {
  let row = null;
  const look = frame((event) => {
    row = picture.nearest(event.offsetX, event.offsetY, among);
    picture.highlight(row);
    tip.hidden = row === null;
    canvas.classList.toggle("on-line", row !== null);
    if (row === null) return;
    tip.textContent = words(row);
    tip.style.left = `${Math.min(event.offsetX + 14, picture.width - 170)}px`;
    tip.style.top = `${Math.min(event.offsetY + 14, HEIGHT - 10)}px`;
  });
  canvas.addEventListener("pointermove", (event) => event.buttons === 0 && look(event));
  canvas.addEventListener("pointerleave", () => {
    row = null;
    picture.highlight(null);
    tip.hidden = true;
  });
  canvas.addEventListener("click", (event) => {
    if (row !== null && !canvas.classList.contains("on-axis")) open(row, event);
  });
}

/** At most once for each picture that the screen shows, with what came last. */
function frame(call) {
  let last = null;
  return (...given) => {
    if (last === null) requestAnimationFrame(() => {
      const now = last;
      last = null;
      call(...now);
    });
    last = given;
  };
}

function showLegend(element, { objective, value }) {
  const ramp = el("span", { class: "ramp" });
  const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => quality(share)).join(", ");
  ramp.style.background = `linear-gradient(to right, ${stops})`;
  const [low, high] = [Math.min(...value), Math.max(...value)];
  const [worst, best] = objective.direction === "maximize" ? [low, high] : [high, low];
  element.replaceChildren(`${short(objective.metric)}: `, number(worst), ramp, `${number(best)} (best)`);
}
