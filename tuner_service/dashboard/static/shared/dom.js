// Elements out of data. Text goes in as text: nothing that a user wrote is ever read as HTML.

/** An element: attributes (`class`, `onclick`, `dataset`, anything else by its name), then children or strings. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "dataset") Object.assign(element.dataset, value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** At most one call in so many milliseconds, the last one always. */
export function throttled(call, milliseconds) {
  let due = null;
  let last = -Infinity;
  return () => {
    if (due !== null) return;
    due = setTimeout(() => {
      due = null;
      last = performance.now();
      call();
    }, Math.max(0, last + milliseconds - performance.now()));
  };
}
