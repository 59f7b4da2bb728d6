// Names of metrics, to choose from where it is known what the model reports; else to type, with what is likely offered.
import { el } from "../shared/dom.js";

let count = 0;

/** An input or select named `label`, at `loc` of the request; `metrics` are those of the data set. */
export function metricField(label, loc, value, { metrics, own }) {
  const named = { "aria-label": label, dataset: { loc: JSON.stringify(loc), kind: "text" } };
  if (!own && metrics.includes(value)) {
    return el("select", named, ...metrics.map((metric) => el("option", { value: metric, selected: metric === value }, metric)));
  }
  const list = `metrics-${count++}`;
  return el("span", { class: "combined" },
    el("input", { type: "text", value, list, size: 18, ...named }),
    el("datalist", { id: list }, ...metrics.map((metric) => el("option", { value: metric }))));
}
