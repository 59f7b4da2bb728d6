// Conditions on the trials of a table, such as `learning_rate <= 0.01`: typed, shown, taken away again.
import { el } from "../shared/dom.js";

/** `changed(conditions)` hears the list as the server takes it. */
export function conditionBar(changed, columns) {
  const conditions = [];
  const list = el("ul", { class: "conditions", "aria-label": "Conditions" });
  const what = el("select", { "aria-label": "Which column" },
    ...columns.filter(({ order }) => order).map(({ id, label }) => el("option", { value: id }, label)));
  const how = el("select", { "aria-label": "How it compares" }, ...["<=", ">=", "="].map((sign) => el("option", { value: sign }, SIGNS[sign])));
  const than = el("input", { type: "text", size: "8", "aria-label": "With which value", placeholder: "value" });
  const show = () => {
    list.replaceChildren(...conditions.map(({ text, condition }, index) => el("li", {}, text, " ",
      el("button", { type: "button", "aria-label": `Without ${text}`, onclick: () => drop(index) }, "✕"))));
    changed(conditions.map((each) => each.condition));
  };
  const drop = (index) => {
    conditions.splice(index, 1);
    show();
    (list.querySelector("button") ?? summary).focus();
  };
  const add = (event) => {
    event.preventDefault();
    if (than.value.trim() === "") return;
    const condition = `${what.value}${how.value}${than.value.trim()}`;
    conditions.push({ condition, text: `${what.selectedOptions[0].textContent} ${SIGNS[how.value]} ${than.value.trim()}` });
    than.value = "";
    show();
  };
  const form = el("form", { class: "condition", onsubmit: add }, what, how, than, el("button", {}, "Add"));
  const summary = el("summary", { class: "button" }, "Filter");
  return { element: el("details", { class: "where" }, summary, form), list };
}

const SIGNS = { "<=": "≤", ">=": "≥", "=": "=" };

/** What is brushed on parallel coordinates, as the server takes it. */
export function conditionsOf(kept) {
  return [...kept].flatMap(([key, { min, max, categories }]) => {
    if (categories) return categories.map((category) => `${key}=${category}`); // any of them
    return [...(min === null ? [] : [`${key}>=${min}`]), ...(max === null ? [] : [`${key}<=${max}`])];
  });
}
