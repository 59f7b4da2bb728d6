// What is searched for: one metric or several, the first of which judges the epochs.
import { el } from "../shared/dom.js";
import { metricField } from "./metric_field.js";
import { same } from "./spec.js";

const MOST = 8;
const GROWS = /acc|auc|precision|recall|f1|cosine|r2/;
const DIRECTIONS = ["maximize", "minimize"];

const likely = (metric) => (GROWS.test(metric) ? "maximize" : "minimize");

export class ObjectivesForm {
  constructor(element, add, changed) {
    this.element = element;
    this.add = add;
    this.changed = changed;
    this.usual = [];
    this.objectives = null;
    add.addEventListener("click", () => this.#append());
  }

  /** Another data set or family; what was chosen is kept if the model still reports it. */
  offer(offered, usual, given = undefined) {
    const known = (objective) => offered.own || offered.metrics.includes(objective.metric);
    const untouched = this.objectives === null || same(this.objectives, this.usual);
    this.offered = offered;
    this.usual = usual;
    if (given) this.objectives = structuredClone(given);
    else if (untouched || !this.objectives.every(known)) this.objectives = structuredClone(usual);
    this.#draw();
  }

  #append() {
    const taken = this.objectives.map(({ metric }) => metric);
    const preferred = ["val_loss", "val_accuracy", ...this.offered.metrics.filter((metric) => metric.startsWith("val_")), ...this.offered.metrics];
    const metric = preferred.find((name) => this.offered.metrics.includes(name) && !taken.includes(name)) ?? "";
    this.objectives.push({ metric, direction: likely(metric) });
    this.#draw();
    this.element.lastElementChild.querySelector("select, input").focus();
    this.changed();
  }

  #remove(index) {
    this.objectives.splice(index, 1);
    this.#draw();
    this.add.focus();
    this.changed();
  }

  #draw() {
    this.element.replaceChildren(...this.objectives.map((objective, index) => this.#row(objective, index)));
    this.add.disabled = this.objectives.length >= MOST;
  }

  #row(objective, index) {
    const loc = ["objectives", index];
    const direction = el(
      "select", { "aria-label": `Objective ${index + 1}: direction`, dataset: { loc: JSON.stringify([...loc, "direction"]) } },
      ...DIRECTIONS.map((name) => el("option", { value: name, selected: name === objective.direction }, name)),
    );
    direction.addEventListener("change", () => { objective.direction = direction.value; });
    const metric = metricField(`Objective ${index + 1}: metric`, [...loc, "metric"], objective.metric, this.offered);
    metric.addEventListener("input", (event) => {
      objective.metric = event.target.value.trim();
      objective.direction = direction.value = likely(objective.metric);
    });
    const remove = el("button", { type: "button", "aria-label": `Remove objective ${index + 1}` }, "Remove");
    remove.addEventListener("click", () => this.#remove(index));
    return el("div", { class: "objective", dataset: { loc: JSON.stringify(loc) } }, direction, metric, this.objectives.length > 1 ? remove : null);
  }

  /** Undefined where it is what the server takes anyway. */
  read() {
    return same(this.objectives, this.usual) ? undefined : this.objectives;
  }

  check() {
    const problems = [];
    this.objectives.forEach(({ metric }, index) => {
      const loc = ["objectives", index, "metric"];
      if (metric === "") problems.push({ loc, msg: "the name of a metric is needed" });
      else if (this.objectives.findIndex((other) => other.metric === metric) < index) problems.push({ loc, msg: `"${metric}" stands here twice` });
    });
    return problems;
  }
}
