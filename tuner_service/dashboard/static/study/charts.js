// What a study came to, trial by trial, and how its trials learned: as plotly.js wants it.
import { plain } from "../shared/charts.js";
import { wholeTicks } from "../shared/epoch_axis.js";
import { duration, number } from "../shared/format.js";
import { count, short } from "./words.js";

const UNITS = [[86_400, "days"], [3600, "hours"], [60, "minutes"], [1, "seconds"]];
const SPREAD = 100;
export const ABOVE = { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 12 } };

/** Whether values are told apart only on a logarithmic axis: all above 0, and the largest far above the middle one. */
export function wantsLog(values) {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (sorted.length < 3 || sorted[0] <= 0) return false;
  return sorted.at(-1) / sorted[Math.floor(sorted.length / 2)] > SPREAD;
}

/** The best so far: `over` is "number" (of the trial) or "seconds" (since the study was opened). */
export function improvement({ trials, metric, direction }, over) {
  const best = improvements(trials, direction, over);
  const last = Math.max(...trials[over], 0);
  const [size, unit] = over === "seconds" ? UNITS.find(([size]) => last >= 2 * size) ?? UNITS[3] : [1, null];
  const across = (data) => data[over].map((value) => value / size);
  const names = (data) => data.number.map((n, index) => `trial ${n}, after ${duration(data.seconds[index])}`);
  const log = wantsLog(trials.value);
  return (theme) => ({
    traces: [
      {
        type: "scatter", mode: "markers", name: "completed trials", x: across(trials), y: trials.value,
        customdata: trials.number, text: names(trials), hovertemplate: "%{text}<br>%{y:.4~g}<extra></extra>",
        marker: { color: theme.soft, size: 6, opacity: 0.5 },
      },
      {
        type: "scatter", mode: "lines+markers", name: "best so far",
        x: [...across(best), last / size], y: [...best.value, best.value.at(-1)],
        customdata: [...best.number, best.number.at(-1)],
        text: [...names(best), `trial ${best.number.at(-1)} is still the best`],
        hovertemplate: "%{text}<br>%{y:.4~g}<extra></extra>",
        line: { color: theme.series[0], width: 2.5, shape: "hv" },
        marker: { size: [...best.number.map(() => 7), 0], color: theme.series[0] },
      },
    ],
    layout: {
      hovermode: "closest",
      xaxis: unit ? { title: `Time since it was opened (${unit})`, rangemode: "tozero" }
        : { title: "Trial (number)", rangemode: "tozero", ...wholeTicks(last) },
      yaxis: { title: plain(short(metric)), type: log ? "log" : "linear" },
      legend: ABOVE,
    },
  });
}

/** The trials that were better than all before them, by number or by time: those are two orders where several train at once. */
function improvements(trials, direction, over) {
  const sign = direction === "maximize" ? 1 : -1;
  const found = { number: [], value: [], seconds: [] };
  let best = -Infinity;
  for (const index of trials.number.map((_, index) => index).sort((a, b) => trials[over][a] - trials[over][b])) {
    if (sign * trials.value[index] <= best) continue;
    best = sign * trials.value[index];
    for (const key of Object.keys(found)) found[key].push(trials[key][index]);
  }
  return found;
}

export const improvementInWords = ({ total, best, metric }) =>
  `Best ${metric} so far: ${number(best.value.at(-1))} in trial ${best.number.at(-1)}, of ${count(total, "completed trial")}; `
  + `it improved ${count(best.number.length, "time")}.`;

const joined = (curves) => {
  const trace = { x: [], y: [], customdata: [], text: [] };
  for (const { number: trial, state, values } of curves) {
    values.forEach((value, epoch) => {
      trace.x.push(epoch);
      trace.y.push(value);
      trace.customdata.push(trial);
      trace.text.push(`trial ${trial}, ${state}`);
    });
    // A gap between one curve and the next.
    trace.x.push(null);
    trace.y.push(null);
    trace.customdata.push(null);
    trace.text.push("");
  }
  return trace;
};

/** All learning curves: those that look alike are one trace, with gaps, so that thousands of points stay quick. */
export function learning({ curves, metric, best, log }) {
  const of = (...states) => curves.filter(({ number: n, state }) => states.includes(state) && n !== best);
  return (theme) => {
    const kind = (name, all, line, more = {}) => {
      const [lines, points] = [all.filter(({ values }) => values.length > 1), all.filter(({ values }) => values.length === 1)];
      const base = {
        type: "scatter", mode: "lines", name, line, legendgroup: name, ...more,
        hovertemplate: "%{text}<br>epoch %{x}: %{y:.4~g}<extra></extra>",
      };
      // A curve of one epoch has no line.
      const marked = { mode: "markers", marker: { size: 5, color: line.color, ...more.marker }, showlegend: lines.length === 0, cliponaxis: false };
      return [{ ...base, ...joined(lines) }, { ...base, ...marked, ...joined(points) }];
    };
    const groups = [
      kind("pruned", of("pruned"), { color: theme.warn, width: 1, dash: "dot" }, { opacity: 0.6 }),
      kind("failed, cancelled", of("failed", "cancelled"), { color: theme.bad, width: 1, dash: "dash" }, { opacity: 0.6 }),
      kind("completed", of("completed"), { color: theme.series[6], width: 1.2 }, { opacity: 0.55 }),
      kind("best", curves.filter((curve) => curve.number === best), { color: theme.series[0], width: 3.5 }),
      kind("running", of("running", "queued"), { color: theme.series[2], width: 2 },
        { mode: "lines+markers", marker: { size: 5, symbol: "diamond" } }),
    ].flat();
    return {
      traces: groups.filter((group) => group.x.length > 0),
      layout: {
        hovermode: "closest",
        xaxis: { title: "Epoch", rangemode: "tozero", ...wholeTicks(Math.max(0, ...curves.map(({ values }) => values.length - 1))) },
        yaxis: { title: plain(short(metric)), type: log ? "log" : "linear" },
        legend: ABOVE,
      },
    };
  };
}

export const learningInWords = ({ curves, metric, best }) => {
  const running = curves.filter((curve) => curve.state === "running").length;
  return `Learning curves of ${metric}: ${count(curves.length, "trial")}, ${running} running`
    + (best === null ? "." : `; the best is trial ${best}.`);
};
