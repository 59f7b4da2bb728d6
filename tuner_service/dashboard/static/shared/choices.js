// Selects whose options come from data.
import { el } from "./dom.js";

/** Options of a select, kept as they are where nothing changed. */
export function offer(select, names, chosen) {
  if ([...select.options].map(({ value }) => value).join("\n") !== names.join("\n")) {
    select.replaceChildren(...names.map((name) => el("option", { value: name }, name)));
  }
  if (chosen !== null && select.value !== chosen) select.value = chosen;
}

/** Two selects out of the same `names` that never say the same; `changed()` is called when somebody chose. */
export function pairOf(one, other, names, changed) {
  for (const [select, beside] of [[one, other], [other, one]]) {
    offer(select, names, null);
    select.addEventListener("change", () => {
      // The same twice has no picture.
      if (select.value === beside.value) beside.value = names.find((name) => name !== select.value);
      changed();
    });
  }
  if (names.length > 1) other.value = names[1];
}
