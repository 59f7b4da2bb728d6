// A number that may be searched: exactly one, a range, or one of a list. Read as {value}, {min, max, …} or {choices}.
import { el } from "../shared/dom.js";
import { typed } from "../shared/format.js";

const WAYS = [["value", "exactly"], ["range", "from … to"], ["choices", "one of"]];

/** What is typed: a number, null where nothing is, the text itself where it is no number. */
export function numeric(text) {
  const typed = text.trim();
  if (typed === "") return null;
  const number = Number(typed);
  return Number.isFinite(number) ? number : typed;
}

const listed = (text) => text.split(/[,;\s]+/).filter((part) => part !== "").map(numeric);

const wayOf = (shown) => ("choices" in shown ? "choices" : "value" in shown ? "value" : "range");

/**
 * `label` names the number to screen readers, `loc` is where it stands in the request. `whole`: integers only; `least`:
 * the smallest that there may be.
 */
export class NumberField {
  constructor({ label, loc, shown, usual = shown, whole = false, least = -Infinity, optional = false }) {
    this.loc = loc;
    this.whole = whole;
    this.least = least;
    this.optional = optional;
    const input = (part, name) => el("input", {
      type: "text", inputmode: "decimal", class: part, "aria-label": `${label}: ${name}`, dataset: { loc: JSON.stringify([...loc, part]) },
    });
    this.inputs = {
      value: input("value", "value"), min: input("min", "smallest"), max: input("max", "largest"),
      step: input("step", "step"), choices: input("choices", "list, apart by commas"),
    };
    this.inputs.choices.inputMode = "text";
    this.inputs.step.placeholder = "any";
    this.log = el("input", { type: "checkbox", dataset: { loc: JSON.stringify([...loc, "log"]) } });
    this.way = el("select", { "aria-label": `${label}: how it is chosen` }, ...WAYS.map(([way, words]) => el("option", { value: way }, words)));
    const { value, min, max, step, choices } = this.inputs;
    this.parts = {
      value: el("span", { class: "part" }, value),
      range: el("span", { class: "part" }, min, el("span", {}, "to"), max, el("label", { class: "inline" }, "step ", step),
        el("label", { class: "inline" }, this.log, " log")),
      choices: el("span", { class: "part" }, choices),
    };
    this.element = el("span", { class: "number", dataset: { loc: JSON.stringify(loc) } }, this.way, ...Object.values(this.parts));
    this.way.addEventListener("change", () => this.#turn());
    this.fill(usual);
    this.fill(shown);
  }

  /** Show what the request says; what it does not say stays for when somebody changes the way. */
  fill(shown) {
    for (const part of ["value", "min", "max", "step"]) if (part in shown) this.inputs[part].value = typed(shown[part]);
    if ("choices" in shown) this.inputs.choices.value = shown.choices.map(typed).join(", ");
    if ("min" in shown || "log" in shown) this.log.checked = Boolean(shown.log);
    this.way.value = wayOf(shown);
    this.#turn();
  }

  #turn() {
    for (const [way, part] of Object.entries(this.parts)) part.hidden = way !== this.way.value;
  }

  read() {
    const { value, min, max, step, choices } = this.inputs;
    if (this.way.value === "value") return { value: numeric(value.value) };
    if (this.way.value === "choices") return { choices: listed(choices.value) };
    return { min: numeric(min.value), max: numeric(max.value), step: numeric(step.value), log: this.log.checked };
  }

  /** `{loc, msg}` for everything that is plainly wrong; the server knows the rest. */
  check() {
    const read = this.read();
    const problems = Object.entries(read).flatMap(([part, got]) => {
      if (part === "log" || (got === null && (part === "step" || this.optional))) return [];
      const numbers = part === "choices" ? got : [got];
      const wrong = numbers.length === 0 ? "at least one number is needed" : numbers.map((number) => this.#wrong(number)).find(Boolean);
      return wrong ? [{ loc: [...this.loc, part], msg: wrong }] : [];
    });
    if (problems.length === 0 && read.min > read.max) {
      problems.push({ loc: [...this.loc, "min"], msg: `the smallest, ${read.min}, is above the largest, ${read.max}` });
    }
    return problems;
  }

  #wrong(number) {
    if (number === null) return "a number is needed";
    if (typeof number !== "number") return `"${number}" is not a number`;
    if (this.whole && !Number.isInteger(number)) return `takes integers, got ${number}`;
    return number < this.least ? `must be at least ${this.least}, got ${number}` : null;
  }

  /** Whether a candidate may have this value. */
  allows(value) {
    const read = this.read();
    if ("value" in read) return read.value === value;
    if ("choices" in read) return read.choices.includes(value);
    const steps = read.step ? (value - read.min) / read.step : 0;
    return value >= read.min && value <= read.max && Math.abs(steps - Math.round(steps)) < 1e-6;
  }
}
