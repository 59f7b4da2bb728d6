// A family's parameters, each to be narrowed, widened or fixed; what exists only under another stands under it.
import { el } from "../shared/dom.js";
import { number, value as shownValue } from "../shared/format.js";
import { nested } from "../shared/nesting.js";
import { NumberField } from "./number_field.js";
import { OptionField } from "./option_field.js";
import { same } from "./spec.js";

const isNumber = (parameter) => parameter.type === "int" || parameter.type === "float";

/** The values that can be listed; an override may choose any of them. */
function optionsOf(parameter) {
  if (parameter.type === "bool") return [true, false];
  return parameter.choices ?? [];
}

const usualOptions = (parameter) => (parameter.type === "fixed" ? [parameter.value] : optionsOf(parameter));

/** What stands in the other fields when somebody turns from a range to one value, or to a list. */
function begun({ min, max, default: usual }) {
  const value = usual ?? min;
  return { value, choices: [...new Set([min, value, max])] };
}

function describe(parameter) {
  const usual = parameter.default === undefined || parameter.default === null ? "" : `, usually ${shownValue(parameter.default)}`;
  if (isNumber(parameter)) {
    const kind = parameter.type === "int" ? "integer" : "number";
    return `${kind}, ${number(parameter.min)} to ${number(parameter.max)}${usual}`;
  }
  if (parameter.type === "fixed") return `${shownValue(parameter.value)} unless you say otherwise`;
  return `${parameter.type === "bool" ? "yes or no" : "choice"}${usual}`;
}

const conditionWords = (condition) => `${condition.parameter} is ${condition.values.map(shownValue).join(" or ")}`;

/** One parameter: its field, and what a study says of it beyond the family. */
class Row {
  constructor(parameter, depth, given, changed) {
    this.parameter = parameter;
    this.given = given;
    const loc = ["overrides", parameter.name];
    if (isNumber(parameter)) {
      const { min, max, step = null, log = false } = parameter;
      this.usual = { min, max, step, log };
      const shown = given === undefined ? this.usual : "value" in given || "choices" in given ? given : { ...this.usual, ...given };
      this.field = new NumberField({ label: parameter.name, loc, shown, usual: { ...begun(parameter), ...this.usual }, whole: parameter.type === "int" });
    } else {
      const usual = usualOptions(parameter);
      this.usual = usual.length === 1 ? { value: usual[0] } : { choices: usual };
      this.field = new OptionField({ loc, options: optionsOf(parameter), usual, shown: given ?? this.usual });
    }
    this.start = this.field.read();
    this.#build(depth, changed);
  }

  #build(depth, changed) {
    const { parameter } = this;
    this.reset = el("button", { type: "button", class: "reset", title: "Back to the family's own", "aria-label": `${parameter.name}: back to the family's own` }, "↺");
    this.reset.addEventListener("click", () => {
      this.given = undefined;
      this.field.fill(this.usual);
      this.start = this.field.read();
      changed();
    });
    this.why = el("small", { class: "why" });
    const fixed = optionsOf(parameter).length === 0 && !isNumber(parameter);
    this.element = el(
      "fieldset", { class: "parameter", dataset: { depth: Math.min(depth, 4) } },
      el("legend", { class: "visually-hidden" }, parameter.name),
      el("div", { class: "about" }, el("code", {}, parameter.name), el("small", {}, describe(parameter)), this.why),
      el("div", { class: "control" }, fixed ? el("span", { class: "soft" }, shownValue(parameter.value)) : this.field.element),
      this.reset,
    );
  }

  /** The part of the request; undefined where the family's own is kept. */
  override() {
    const read = this.field.read();
    if (this.given !== undefined && same(read, this.start)) return this.given;
    if (same(read, this.usual)) return undefined;
    if (!("min" in read)) return read;
    return Object.fromEntries(Object.entries(read).filter(([part, got]) => got !== this.usual[part]));
  }

  /** Say whether it exists for any candidate, and mark what differs from the family. */
  show(conditions) {
    const missing = conditions.find(({ holds }) => !holds)?.condition;
    this.applies = missing === undefined;
    const words = (this.parameter.when ?? []).map(conditionWords).join(" and ");
    this.why.textContent = missing ? `not searched: only if ${words}` : words && `only if ${words}`;
    this.element.disabled = !this.applies;
    const override = this.override();
    this.element.classList.toggle("changed", override !== undefined);
    this.reset.hidden = override === undefined || !this.applies;
  }
}

export class ParameterForm {
  /** `given`: the overrides of a study that is copied. */
  constructor(parameters, given, changed) {
    this.rows = new Map(nested(parameters).map(({ parameter, depth }) =>
      [parameter.name, new Row(parameter, depth, given[parameter.name], changed)]));
    this.order = parameters.map(({ name }) => name).filter((name) => this.rows.has(name));
    this.element = el("div", { class: "parameters" }, ...[...this.rows.values()].map((row) => row.element));
    this.show();
  }

  show() {
    for (const name of this.order) {
      const row = this.rows.get(name);
      row.show((row.parameter.when ?? []).map((condition) => ({ condition, holds: this.#holds(condition) })));
    }
  }

  #holds({ parameter, values }) {
    const parent = this.rows.get(parameter);
    return parent !== undefined && parent.applies && values.some((value) => parent.field.allows(value));
  }

  #applying() {
    return this.order.map((name) => this.rows.get(name)).filter((row) => row.applies);
  }

  read() {
    const kept = this.order.map((name) => this.rows.get(name)).filter((row) => row.applies || row.override() === row.given);
    return Object.fromEntries(kept.map((row) => [row.parameter.name, row.override()]).filter(([, override]) => override !== undefined));
  }

  check() {
    return this.#applying().flatMap((row) => row.field.check());
  }

  /** How many there are, and how many of them are searched. */
  counts() {
    const searched = this.#applying().filter((row) => {
      const read = row.field.read();
      return !("value" in read) && !(read.min !== undefined && read.min === read.max) && read.choices?.length !== 1;
    });
    return { all: this.order.length, searched: searched.length };
  }
}
