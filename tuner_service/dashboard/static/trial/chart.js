// One chart of a trial: a metric over the epochs, and what happened meanwhile.
import { plain } from "../shared/charts.js";
import { epochAxis } from "../shared/epoch_axis.js";
import { number } from "../shared/format.js";

const RATE = "learning_rate";
const DOTS_UP_TO = 40;
const LONG = 28; // more letters than fit beside an axis

/** The metric that a validation metric is the validation of. */
export const base = (metric) => metric.replace(/^val_/, "");

const last = (values) => values.findLast((value) => typeof value === "number");

/** What `draw` of charts.js makes the chart from, and what there is to be seen in a sentence. */
export function chart(name, told) {
  const lines = [name, `val_${name}`].filter((metric) => told.metrics.includes(metric));
  return {
    // Without plotly's buttons: a picture has none in it, and dragging and double-clicking do what they do.
    make: (theme) => ({
      traces: traces(name, lines, told, theme), layout: layout(name, told, theme), config: { displayModeBar: false },
    }),
    label: label(name, lines, told),
  };
}

function label(name, lines, { epochs, marks }) {
  const values = lines.map((metric) => `${metric} ${number(last(epochs.map((each) => each.metrics[metric])))}`);
  const best = marks.best === null ? "" : `; the best epoch is ${marks.best}`;
  const many = epochs.length === 1 ? "1 epoch" : `${epochs.length} epochs`;
  return `${name} over ${many}; last: ${values.join(", ")}${best}`;
}

function traces(name, lines, told, theme) {
  const { epochs, rolledBack } = told;
  const found = rolledBack.flatMap(({ attempt, epochs: gone }) =>
    lines.map((metric, index) => ({
      ...curve(gone, metric, `rolled back (attempt ${attempt})`),
      line: { color: theme.faint, width: 1.5, dash: index ? "dash" : "dot" }, opacity: 0.8,
    })));
  for (const [index, metric] of lines.entries()) {
    const validation = metric !== name;
    found.push({
      ...curve(epochs, metric, validation ? "validation" : lines.length > 1 ? "training" : metric),
      line: {
        color: theme.series[index], width: validation ? 2.5 : 2,
        dash: lines.length > 1 && !validation ? "dot" : "solid", shape: name === RATE ? "hvh" : "linear",
      },
    });
  }
  return [...found, ...best(lines, told, theme)];
}

function curve(epochs, metric, name) {
  return {
    type: "scatter",
    mode: epochs.length <= DOTS_UP_TO ? "lines+markers" : "lines",
    marker: { size: epochs.length === 1 ? 8 : 4 },
    name: plain(name),
    x: epochs.map(({ epoch }) => epoch),
    y: epochs.map(({ metrics }) => metrics[metric] ?? null),
    hovertemplate: `epoch %{x}: <b>%{text}</b><extra>${plain(name)}</extra>`,
    text: epochs.map(({ metrics }) => number(metrics[metric])),
  };
}

/** A star on the curves that the best epoch was chosen by. */
function best(lines, { epochs, marks, charted }, theme) {
  const objectives = charted.objectives.map(({ metric }) => metric).filter((metric) => lines.includes(metric));
  const at = epochs.find(({ epoch }) => epoch === marks.best);
  if (at === undefined) return [];
  return objectives.map((metric) => ({
    ...curve([at], metric, "best epoch"),
    mode: "markers", marker: { symbol: "star", size: 14, color: theme.good, line: { color: theme.card, width: 1 } },
  }));
}

function layout(name, told, theme) {
  const known = [told.epochs, ...told.rolledBack.map(({ epochs }) => epochs)].flat();
  return {
    uirevision: "kept", // how far somebody zoomed in, as epochs come
    height: 260,
    margin: { l: 48, r: 12, t: 18, b: 36 },
    hovermode: "closest",
    showlegend: false, // what the lines are is said above the charts
    font: { color: theme.ink, family: getComputedStyle(document.body).fontFamily, size: 12 },
    xaxis: epochAxis(Math.max(0, ...known.map(({ epoch }) => epoch))),
    yaxis: { title: plain(name.length > LONG ? `${name.slice(0, LONG)}…` : name), ...(name === RATE ? rates(known) : {}) },
    ...signs(told.marks, theme),
  };
}

/** The rates that there were, each at its place on a logarithmic axis. */
function rates(epochs) {
  const known = [...new Set(epochs.map(({ metrics }) => metrics[RATE]).filter((rate) => rate > 0))];
  if (known.length === 0) return {};
  const [low, high] = [Math.log10(Math.min(...known)), Math.log10(Math.max(...known))];
  const few = known.length <= 6 ? { tickvals: known, ticktext: known.map(number) } : { exponentformat: "e" };
  return { type: "log", range: [low - 0.2, high + 0.2], ...few };
}

/** A line through the chart and a sign above it for each thing that happened. */
function signs({ drops, best: bestEpoch, end }, theme) {
  const told = [
    ...drops.map(({ epoch, from, to }) => [epoch - 0.5, "▾", "dot", theme.soft, `learning rate ${number(from)} → ${number(to)}`]),
    ...(bestEpoch === null ? [] : [[bestEpoch, "★", "solid", theme.good, `best epoch: ${bestEpoch}`]]),
    ...(end === null ? [] : [[end.epoch, "■", "dashdot", theme.warn, end.why]]),
  ];
  return {
    shapes: told.map(([x, , dash, color]) => ({
      type: "line", x0: x, x1: x, y0: 0, y1: 1, yref: "paper", layer: "below", line: { color, width: 1, dash },
    })),
    annotations: told.map(([x, text, , color, hovertext], index) => ({
      xshift: 13 * told.slice(0, index).filter(([other]) => other === x).length, // beside what stands there already
      x, y: 1, yref: "paper", yanchor: "bottom", showarrow: false, text, hovertext: plain(hovertext), font: { color, size: 11 },
    })),
  };
}
