// What made the difference: importance, slices, two parameters together, the Pareto front. The last three are Optuna's
// figures, in the clothes of the page; the names in them are escaped already.
import { draw, plain } from "../shared/charts.js";
import { rising } from "../shared/colour_scale.js";
import { el } from "../shared/dom.js";
import { number } from "../shared/format.js";
import { logAxis } from "../shared/log_ticks.js";
import { ABOVE } from "./charts.js";
import { aim, sentence, short, thinned } from "./words.js";

const MOST_BARS = 15;
const MOST_NAMED = 2;
const LARGE = { ticks: 6, letters: 26 };
const SMALL = { ticks: 4, letters: 12 };

/** `names`: of the parameters that are searched; `conditional`: those that only some trials have. */
export async function showImportance(element, { importance, metric, names, conditional }) {
  const all = names.filter((name) => name in importance).map((name) => [name, importance[name]]).sort((a, b) => b[1] - a[1]);
  if (all.length === 0) return { empty: "Importance shows once a few trials are completed with different results." };
  const shown = all.slice(0, MOST_BARS).reverse();
  const percent = shown.map(([, share]) => `${(100 * share).toFixed(share < 0.095 && share >= 0.0005 ? 1 : 0)} %`);
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", `Share in the variation of ${metric}: ${
    shown.toReversed().map(([name], index) => `${name} ${percent.at(-1 - index)}`).join(", ")}.`);
  element.style.height = `${Math.max(14, 5 + 1.9 * shown.length)}rem`;
  await draw(element, (theme) => ({
    traces: [{
      type: "bar", orientation: "h", x: shown.map(([, share]) => 100 * share), y: shown.map(([name]) => plain(name)),
      text: percent, textposition: "outside", cliponaxis: false, marker: { color: theme.series[0] },
      hovertemplate: "%{y}: %{text}<extra></extra>",
    }],
    layout: {
      xaxis: { title: "Share of the variation (%)", nticks: 6, tickangle: 0, range: [0, Math.max(...shown.map(([, s]) => s)) * 125] },
      yaxis: { ...categories(shown.map(([name]) => plain(name))), showgrid: false }, showlegend: false, dragmode: false,
    },
  }));
  const more = all.length - shown.length;
  return { note: [
    `How much of the variation of ${metric} comes from each.`, more > 0 ? `${more} more, each with less.` : "",
    amongSome(shown.map(([name]) => name).filter((name) => conditional.includes(name))),
  ].filter(Boolean).join(" ") };
}

/** What to say of the parameters that only some trials have. */
function amongSome(names) {
  if (names.length === 0) return "";
  const [named, more] = [names.slice(0, MOST_NAMED).map((name) => short(name)), names.length - MOST_NAMED];
  const them = more > 0 ? `${named.join(", ")} and ${more} more` : named.join(" and ");
  return `Read the share${names.length > 1 ? "s" : ""} of ${them} with care: only some trials have ${names.length > 1 ? "them" : "it"}, and are compared among themselves.`;
}

/** One small chart for each parameter: out of one figure with an axis for each. `names`: in their order. */
export async function showSlices(element, { figure, reason, shown, total, objective, names }) {
  if (!figure) return { empty: sentence(reason) };
  const cells = new Map(figure.data.map((trace) => {
    const axis = figure.layout[(trace.xaxis ?? "x").replace("x", "xaxis")];
    return [axis.title.text, { trace, axis }];
  }));
  const drawn = names.filter((name) => cells.has(plain(name)));
  const before = new Map([...element.children].map((child) => [child.dataset.name, child]));
  element.replaceChildren(...drawn.map((name) => before.get(name) ?? el("div", { class: "chart slice", role: "img", dataset: { name } })));
  for (const cell of element.children) {
    const { trace, axis } = cells.get(plain(cell.dataset.name));
    cell.setAttribute("aria-label", `${objective.metric} over ${cell.dataset.name}, a point for each trial.`);
    await draw(cell, (theme) => slice(trace, axis, objective, theme));
  }
  return { note: thinned({ shown, total }) };
}

const slice = (trace, axis, { metric }, theme) => ({
  traces: [{ ...trace, xaxis: "x", yaxis: "y", showlegend: false, marker: { color: theme.series[0], size: 5, opacity: 0.55 } }],
  layout: {
    xaxis: { title: cut(axis.title.text), ...scale(axis, trace.x, SMALL) }, yaxis: { title: plain(short(metric, 16)), nticks: 5 },
    margin: { l: 48, r: 12, t: 10, b: 44 }, hovermode: "closest",
  },
});

/** What of Optuna's axis is about its values, and not about its looks; `values` stand on it. */
function scale({ type, categoryorder, categoryarray, range }, values, { ticks, letters } = LARGE) {
  if (type === "category") return { categoryorder, categoryarray, ...categories(categoryarray ?? [...new Set(values)], letters) };
  if (type !== "log") return { nticks: 6 };
  const [low, high] = range?.map((power) => 10 ** power) ?? [Math.min(...values), Math.max(...values)];
  return logAxis(low, high, ticks);
}

const categories = (escaped, letters) =>
  ({ type: "category", tickmode: "array", tickvals: escaped, ticktext: escaped.map((each) => cut(each, letters)) });

/** A name that is escaped, cut where it would take the room. */
const cut = (escaped, letters) => {
  const name = escaped.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  return plain(short(name, letters));
};

export async function showContour(element, { figure, reason, shown, total, objective, axes: [x, y] }) {
  if (!figure) return { empty: sentence(reason) };
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", `${objective.metric} by ${x} and ${y}, between the trials that were tried.`);
  const { xaxis, yaxis } = figure.layout;
  const tried = figure.data.find(({ type }) => type === "scatter");
  await draw(element, (theme) => ({
    traces: figure.data.map((trace) => ({ ...trace, showlegend: false, ...(trace.type === "contour" ? heights(objective, theme) : points(theme)) })),
    layout: {
      xaxis: { title: plain(short(x)), ...scale(xaxis, tried.x), range: xaxis.range, showgrid: false },
      yaxis: { title: plain(short(y)), ...scale(yaxis, tried.y), range: yaxis.range, showgrid: false },
      hovermode: "closest",
    },
  }));
  const left = shown < total ? ` ${number(shown)} of ${number(total)} completed trials are drawn: of those that have both parameters.` : "";
  return { note: `${objective.metric}: ${aim(objective)}.${left}` };
}

const heights = ({ metric, direction }, theme) => ({
  colorscale: rising(direction), reversescale: false, line: { width: 0.5, color: theme.line },
  colorbar: { title: { text: plain(short(metric)), side: "right", font: { size: 13 } }, thickness: 12, outlinewidth: 0 },
});

const points = (theme) => ({ marker: { color: theme.card, size: 6, line: { color: theme.ink, width: 1 } } });

/** `axes`: two of the `many` objectives. */
export async function showPareto(element, { figure, reason, shown, total, axes: [across, up], many }) {
  if (!figure) return { empty: sentence(reason) };
  const all = many > 2 ? `all ${many} objectives` : "both";
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", `Trials by ${across.metric} and ${up.metric}; those that no other one beats in ${all} are marked.`);
  await draw(element, (theme) => ({
    traces: figure.data.map((trace) => ({ ...trace, showlegend: true, ...(isFront(trace) ? foremost(all, theme) : others(theme)) })),
    layout: {
      xaxis: { title: plain(`${short(across.metric)} (${aim(across)})`) },
      yaxis: { title: plain(`${short(up.metric)} (${aim(up)})`) }, legend: ABOVE,
      hovermode: "closest",
    },
  }));
  return { note: thinned({ shown, total }) };
}

const isFront = ({ marker }) => /best/i.test(marker.colorbar?.title.text ?? "");
const foremost = (all, theme) => ({
  name: `not beaten in ${all}`, marker: { color: theme.series[1], size: 10, symbol: "diamond", line: { color: theme.card, width: 1 } },
});
const others = (theme) => ({ name: "other trials", marker: { color: theme.faint, size: 7 } });
