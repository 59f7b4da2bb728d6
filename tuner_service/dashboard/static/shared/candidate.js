// A form made from a study's parameters. What is left empty is searched.
import { el } from "./dom.js";
import { number, typed, value as inWords } from "./format.js";
import { nested } from "./nesting.js";

/** `read()` gives the parameters, or null where a value is wrong; `complain(errors)` shows the API's at their fields. */
export function candidateForm(element, parameters) {
  const fields = nested(parameters).map(({ parameter, depth }, index) => fieldOf(parameter, index, depth));
  const byName = new Map(fields.map((field) => [field.parameter.name, field]));
  const update = () => {
    for (const field of fields) field.row.hidden = field.parameter.type === "fixed" || !exists(field.parameter, byName);
  };
  element.replaceChildren(...fields.map(({ row }) => row));
  element.addEventListener("input", update);
  const shown = () => fields.filter(({ row }) => !row.hidden);
  const each = (call) => {
    fields.forEach(call);
    update();
  };
  update();
  return {
    reset: () => each((field) => (field.clear(), field.say(""))),
    fill: (values) => each((field) => {
      field.say("");
      if (field.parameter.name in values) field.set(values[field.parameter.name]);
      else field.clear();
    }),
    read() {
      const wrong = shown().filter((field) => !field.check());
      wrong[0]?.control.focus();
      if (wrong.length) return null;
      return Object.fromEntries(shown().filter((field) => field.get() !== undefined).map((field) => [field.parameter.name, field.get()]));
    },
    /** How many of the errors have a field here. */
    complain(errors) {
      const placed = errors.flatMap(({ loc, msg }) => {
        const field = fields.find(({ parameter }) => loc.includes(parameter.name));
        return field ? [{ field, msg }] : [];
      });
      for (const { field, msg } of placed) field.say(msg);
      placed[0]?.field.control.focus();
      return placed.length;
    },
  };
}

/** Whether a parameter exists for certain beside what is chosen: one whose parent is searched may not. */
const exists = (parameter, byName) => (parameter.when ?? []).every(({ parameter: name, values }) => {
  const parent = byName.get(name);
  return parent && exists(parent.parameter, byName) && values.includes(parent.get());
});

function fieldOf(parameter, index, depth) {
  const id = `candidate-${index}`;
  const kind = { choice: choosing, bool: choosing, fixed }[parameter.type] ?? typing;
  const { control, ...field } = kind(parameter, id);
  const problem = el("p", { class: "problem", id: `${id}-problem` });
  const label = el("label", { for: id }, parameter.name);
  label.style.paddingLeft = `${depth * 1.4}rem`;
  const row = el("div", { class: "candidate-row" }, label, control, problem);
  const say = (text) => {
    problem.textContent = text;
    control.toggleAttribute("aria-invalid", text !== "");
    if (text) control.setAttribute("aria-invalid", "true");
  };
  return {
    parameter, row, control, say, ...field,
    check() {
      const wrong = field.wrong();
      say(wrong ?? "");
      return wrong === null;
    },
  };
}

const fixed = (parameter) =>
  ({ control: el("output", {}, inWords(parameter.value)), get: () => parameter.value, set() {}, clear() {}, wrong: () => null });

function choosing(parameter, id) {
  const choices = parameter.type === "bool" ? [false, true] : parameter.choices;
  const control = el("select", { id, "aria-describedby": `${id}-problem` }, el("option", { value: "" }, "searched"),
    ...choices.map((choice, index) => el("option", { value: index }, inWords(choice))));
  return {
    control, wrong: () => null,
    get: () => (control.value === "" ? undefined : choices[Number(control.value)]),
    set: (value) => (control.value = String(choices.indexOf(value))),
    clear: () => (control.value = ""),
  };
}

function typing(parameter, id) {
  const { min, max, step, type } = parameter;
  const control = el("input", {
    id, type: "number", step: type === "int" ? step ?? 1 : "any", placeholder: `searched: ${number(min)} to ${number(max)}`,
    "aria-describedby": `${id}-problem`,
  });
  const got = () => (control.value === "" ? undefined : Number(control.value));
  return {
    control, get: got,
    set: (value) => (control.value = typed(value)),
    clear: () => (control.value = ""),
    wrong() {
      if (control.validity.badInput) return "That is not a number.";
      if (got() === undefined) return null;
      if (type === "int" && !Number.isInteger(got())) return "A whole number is needed.";
      return got() < min || got() > max ? `From ${number(min)} to ${number(max)}.` : null;
    },
  };
}
