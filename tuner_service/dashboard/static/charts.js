// plotly.js in the clothes of the page: its colours, its font, its theme when that changes.
/* global Plotly */

const drawn = new Map();
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const SERIES = 7;

/** The colours of now, by name: `ink`, `soft`, `line`, `card`, `accent`, `faint`, `series` (a list). */
export function colours() {
  const names = ["ink", "soft", "line", "card", "accent", "faint", "good", "warn", "bad"];
  const series = Array.from({ length: SERIES }, (_, index) => css(`--series-${index + 1}`));
  return { ...Object.fromEntries(names.map((name) => [name, css(`--${name}`)])), series };
}

const CONFIG = {
  displaylogo: false,
  showSendToCloud: false, // nothing leaves this server
  responsive: true,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "toImage"],
};

function axis(given, theme) {
  return {
    gridcolor: theme.line, linecolor: theme.line, zerolinecolor: theme.line, tickcolor: theme.line,
    automargin: true, ...given,
    title: typeof given?.title === "string" ? { text: given.title, standoff: 12 } : given?.title,
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
    modebar: { bgcolor: "rgba(0,0,0,0)", color: theme.faint, activecolor: theme.accent },
    legend: { orientation: "h", y: -0.25, ...layout.legend },
    ...layout,
    ...axes,
  };
}

/**
 * Draw a chart, or draw it anew. `make(colours)` gives `{traces, layout}`; it is asked again when the theme changes.
 * Resolves with the element, on which plotly's events can be heard.
 */
export async function draw(element, make) {
  drawn.set(element, make);
  const theme = colours();
  const { traces, layout } = make(theme);
  await Plotly.react(element, traces, dressed(layout, theme), CONFIG);
  element.classList.remove("loading");
  return element;
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const [element, make] of drawn) if (element.isConnected) draw(element, make);
});
