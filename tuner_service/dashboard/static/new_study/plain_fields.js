// The fields that stand in the page: text, numbers, ticks, choices, and numbers that may be searched.
import { NumberField, numeric } from "./number_field.js";
import { pick, put } from "./spec.js";

const isOff = (element) => element.closest("fieldset:disabled, [hidden]") !== null;

const READ = {
  text: (element) => element.value.trim() || undefined,
  number: (element) => numeric(element.value),
  flag: (element) => element.checked,
};

const WRITE = {
  flag: (element, value) => { element.checked = value; },
  text: (element, value) => {
    if (element.matches("select") && ![...element.options].some((option) => option.value === value)) return;
    element.value = value;
  },
  number: (element, value) => { element.value = value; },
};

/** A number as the contract has it, and back. */
function unwrapped(read) {
  if ("value" in read) return read.value;
  if ("choices" in read) return read;
  const { min, max, step, log } = read;
  return { min, max, ...(step !== null && { step }), ...(log && { log }) };
}
const wrapped = (value) => (value !== null && typeof value === "object" ? value : { value });

/** What a range or a list begins with when somebody wants one: from half to double. */
function around(value, whole) {
  if (!whole || value === null || value < 2) return { value };
  const [half, double] = [Math.round(value / 2), value * 2];
  return { value, min: half, max: double, choices: [half, value, double] };
}

function settingOf(place, loc, value, usual) {
  const whole = "whole" in place.dataset;
  const field = new NumberField({
    loc, whole, label: place.dataset.label, shown: wrapped(value), usual: around(usual, whole),
    optional: "optional" in place.dataset, least: Number(place.dataset.least ?? -Infinity),
  });
  place.append(field.element);
  return field;
}

export class PlainFields {
  /** `given` is a study that is copied, or {}; `usual` what the server fills in. */
  constructor(form, given, usual) {
    const begin = (loc) => (pick(given, loc) === undefined ? pick(usual, loc) : pick(given, loc));
    this.elements = [...form.querySelectorAll("[data-kind]")];
    for (const element of this.elements) {
      const value = begin(JSON.parse(element.dataset.loc));
      if (value !== undefined && value !== null) WRITE[element.dataset.kind](element, value);
    }
    this.settings = [...form.querySelectorAll("[data-setting]")].map((place) => {
      const loc = JSON.parse(place.dataset.setting);
      return settingOf(place, loc, begin(loc), pick(usual, loc));
    });
  }

  #live() {
    return this.elements.filter((element) => !isOff(element));
  }

  #liveSettings() {
    return this.settings.filter((setting) => !isOff(setting.element));
  }

  /** Put what is typed into a request. */
  into(body) {
    for (const element of this.#live()) put(body, JSON.parse(element.dataset.loc), READ[element.dataset.kind](element));
    for (const setting of this.#liveSettings()) put(body, setting.loc, unwrapped(setting.read()));
  }

  check() {
    const problems = this.#liveSettings().flatMap((setting) => setting.check());
    for (const element of this.#live()) {
      const msg = element.dataset.kind === "number" && wrongNumber(element);
      if (msg) problems.push({ loc: JSON.parse(element.dataset.loc), msg });
    }
    return problems;
  }
}

function wrongNumber(element) {
  const number = numeric(element.value);
  if (number === null) return "optional" in element.dataset ? null : "a number is needed";
  if (typeof number !== "number") return `"${number}" is not a number`;
  if ("whole" in element.dataset && !Number.isInteger(number)) return `takes integers, got ${number}`;
  const least = Number(element.dataset.least ?? -Infinity);
  return number < least ? `must be at least ${least}, got ${number}` : null;
}
