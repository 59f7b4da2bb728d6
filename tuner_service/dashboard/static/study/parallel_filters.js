// What is brushed on parallel coordinates, to be typed and ticked: for the keyboard, and for exact numbers.
import { el } from "../shared/dom.js";
import { number, value as inWords } from "../shared/format.js";

/** A box for each axis; `keep(axis, rule)` hears a change, `show(kept)` shows what was brushed otherwise. */
export function filters(axes, keep) {
  const boxes = axes.map((axis) => (axis.categories ? categoryBox(axis, keep) : numberBox(axis, keep)));
  return {
    elements: boxes.map(({ element }) => element),
    show(kept) {
      for (const { key, show } of boxes) show(kept.get(key) ?? null);
    },
  };
}

function numberBox(axis, keep) {
  const input = (which, hint) =>
    el("input", {
      type: "number", step: "any", placeholder: hint, "aria-label": `${axis.name}, ${which}`,
      onchange: () => keep(axis, { min: read(least), max: read(most) }),
    });
  const least = input("at least", number(axis.min).replaceAll(",", ""));
  const most = input("at most", number(axis.max).replaceAll(",", ""));
  return {
    key: axis.key,
    element: el("fieldset", {}, el("legend", { title: axis.name }, axis.name), el("div", { class: "range" }, least, " to ", most)),
    show(rule) {
      least.value = rule?.min ?? "";
      most.value = rule?.max ?? "";
    },
  };
}

const read = ({ value }) => (value === "" ? null : Number(value));

function categoryBox(axis, keep) {
  const ticks = axis.categories.map((category) =>
    el("input", { type: "checkbox", checked: true, onchange: () => changed() }));
  const changed = () => keep(axis, { categories: axis.categories.filter((_, index) => ticks[index].checked) });
  return {
    key: axis.key,
    element: el("fieldset", {}, el("legend", { title: axis.name }, axis.name), el("div", { class: "ticks" }, ...axis.categories.map(
      (category, index) => el("label", {}, ticks[index], ` ${inWords(category)}`)))),
    show(rule) {
      axis.categories.forEach((category, index) => (ticks[index].checked = rule === null || rule.categories.includes(category)));
    },
  };
}
