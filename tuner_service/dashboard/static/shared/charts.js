// plotly.js in the clothes of the page: its colours, its font, its theme when that changes.
/* global Plotly */

const drawn = new Map();
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const SERIES = 7;

/** Text from users as plotly.js shows it letter by letter: it would read `<b>` and `<a href>` as markup. */
export const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** The colours of now, by name: `ink`, `soft`, `line`, `card`, `accent`, `faint`, `series` (a list). */
export function colours() {
  const names = ["ink", "soft", "line", "card", "accent", "faint", "good", "warn", "bad"];
  const series = Array.from({ length: SERIES }, (_, index) => css(`--series-${index + 1}`));
  return { ...Object.fromEntries(names.map((name) => [name, css(`--${name}`)])), series };
}

const CONFIG = {
  displayModeBar: false, // a chart has the role of a picture, in which there are no buttons
  showSendToCloud: false, // nothing leaves this server
  responsive: true,
};
// Under a finger a drag scrolls the page.
const DRAG = matchMedia("(pointer: coarse)").matches ? false : "zoom";

function axis(given, theme) {
  return {
    gridcolor: theme.line, linecolor: theme.line, zerolinecolor: theme.line, tickcolor: theme.line,
    automargin: true, ...given,
    title: typeof given?.title === "string" ? { text: given.title, standoff: 12, font: { size: 13 } } : given?.title,
  };
}

function dressed(layout, theme) {
  const axes = Object.fromEntries(
    ["xaxis", "yaxis", ...Object.keys(layout).filter((key) => /^[xy]axis\d+$/.test(key))]
      .map((name) => [name, axis(layout[name], theme)]),
  );
  return {
    autosize: true,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: theme.ink, family: getComputedStyle(document.body).fontFamily, size: 13 },
    colorway: theme.series,
    margin: { l: 56, r: 16, t: 16, b: 48 },
    hoverlabel: { bgcolor: theme.card, bordercolor: theme.line, font: { color: theme.ink }, align: "left" },
    dragmode: DRAG,
    legend: { orientation: "h", y: -0.25, ...layout.legend },
    ...layout,
    ...axes,
  };
}

/**
 * Draw a chart, or draw it anew. `make(colours)` gives `{traces, layout}`, and `config` where plotly's is to be another;
 * it is asked again when the theme changes.
 * Resolves with the element, on which plotly's events can be heard.
 */
export async function draw(element, make) {
  drawn.set(element, make);
  const theme = colours();
  const { traces, layout, config = {} } = make(theme);
  await Plotly.react(element, traces, dressed(layout, theme), { ...CONFIG, ...config });
  element.classList.remove("loading");
  return element;
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const [element, make] of drawn) if (element.isConnected) draw(element, make);
});
