// The curves of several trials over each other, each in the colour that it has in the table.
import { plain } from "../shared/charts.js";
import { epochAxis } from "../shared/epoch_axis.js";
import { duration, number } from "../shared/format.js";

const DOTS_UP_TO = 40;

/** Every metric that any of the trials reported. */
export const metricsOf = (shown) =>
  [...new Set(shown.flatMap(({ epochs }) => epochs.flatMap(({ metrics }) => Object.keys(metrics))))].sort();

/** When each epoch was done, in seconds of training; null where a trial's epochs do not say how long they took. */
function times(epochs) {
  let sum = 0;
  return epochs.map(({ seconds }) => (sum === null || seconds === null ? (sum = null) : (sum += seconds)));
}

/** What to draw (`make`, null if nothing), what is seen in a sentence, and what to say below. */
export function compareChart(shown, { metric, over, log }) {
  const timed = over === "seconds";
  const drawn = shown
    .map((trial) => ({ ...trial, x: timed ? times(trial.epochs) : trial.epochs.map(({ epoch }) => epoch) }))
    .filter(({ epochs, x }) => epochs.some(({ metrics }, index) => typeof metrics[metric] === "number" && x[index] !== null));
  const missing = shown.filter(({ name }) => !drawn.some((trial) => trial.name === name)).map(({ name }) => name);
  const why = timed ? `No times of ${metric}` : metric === null ? "No epochs yet" : `No ${metric}`;
  const note = missing.length ? `${why}: ${missing.join(", ")}.` : "";
  if (drawn.length === 0) return { make: null, label: "", note };
  return {
    make: (theme) => ({
      traces: drawn.map((trial) => trace(trial, metric, timed, theme)),
      layout: layout(drawn, metric, timed, log),
      config: { displayModeBar: false },
    }),
    label: label(drawn, metric, timed),
    note,
  };
}

function label(drawn, metric, timed) {
  const last = ({ epochs }) => epochs.findLast(({ metrics }) => typeof metrics[metric] === "number").metrics[metric];
  const ends = drawn.map((trial) => `${trial.name} ends at ${number(last(trial))}`);
  return `${metric} over ${timed ? "training time" : "epochs"}: ${ends.join(", ")}`;
}

function trace({ name, index, epochs, x }, metric, timed, theme) {
  const values = epochs.map(({ metrics }) => metrics[metric] ?? null);
  const when = epochs.map(({ epoch }, at) => (timed ? `${duration(x[at])}, epoch ${epoch}` : `epoch ${epoch}`));
  return {
    type: "scatter",
    mode: epochs.length <= DOTS_UP_TO ? "lines+markers" : "lines",
    name: plain(name),
    x,
    y: values,
    customdata: values.map((value, at) => [number(value), when[at]]),
    hovertemplate: `%{customdata[1]}: <b>%{customdata[0]}</b><extra>${plain(name)}</extra>`,
    line: {
      color: theme.series[index % theme.series.length], width: 2.5,
      dash: index < theme.series.length ? "solid" : "dash",
    },
    marker: { size: 5 },
  };
}

function layout(drawn, metric, timed, log) {
  const last = Math.max(...drawn.map(({ epochs }) => epochs.at(-1).epoch));
  return {
    uirevision: `${metric} ${timed} ${log}`,
    height: innerWidth < 700 ? 320 : 420,
    margin: { l: 60, r: 16, t: 12, b: 48 },
    hovermode: "closest",
    showlegend: false, // it stands above the chart
    xaxis: timed ? { title: "training time (s)", rangemode: "tozero" } : epochAxis(last),
    yaxis: { title: plain(metric), type: log ? "log" : "linear", exponentformat: "e" },
  };
}
