// A parameter whose values can be listed: those with a tick are searched; one alone is fixed.
import { el } from "../shared/dom.js";
import { value as shownValue } from "../shared/format.js";
import { same } from "./spec.js";

export class OptionField {
  constructor({ loc, options, usual, shown }) {
    this.loc = loc;
    this.options = options;
    this.usual = usual;
    this.boxes = options.map(() => el("input", { type: "checkbox" }));
    this.element = el(
      "span", { class: "options", dataset: { loc: JSON.stringify(loc) } },
      ...options.map((option, index) => el("label", { class: "inline" }, this.boxes[index], ` ${shownValue(option)}`)),
    );
    this.fill(shown);
  }

  fill(shown) {
    const ticked = "value" in shown ? [shown.value] : shown.choices ?? this.usual;
    this.boxes.forEach((box, index) => { box.checked = ticked.includes(this.options[index]); });
  }

  #ticked() {
    return this.options.filter((_, index) => this.boxes[index].checked);
  }

  read() {
    const ticked = this.#ticked();
    return ticked.length === 1 ? { value: ticked[0] } : { choices: ticked };
  }

  check() {
    return this.#ticked().length > 0 ? [] : [{ loc: this.loc, msg: "at least one of them is needed" }];
  }

  allows(value) {
    return this.#ticked().some((option) => same(option, value));
  }
}
