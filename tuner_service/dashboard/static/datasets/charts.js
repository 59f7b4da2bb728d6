// What the preview of a data set is drawn from: how often each class is there, how numbers are spread.
import { get } from "../shared/api.js";
import { draw, plain } from "../shared/charts.js";
import { byId, el } from "../shared/dom.js";
import { number } from "../shared/format.js";

const ROW_PX = 24;
const CELL_PX = 128;
const [TITLE_PX, TICKS_PX] = [26, 22];
const NARROW = matchMedia("(max-width: 44rem)");

/** Classes as bars that lie, so that their names can be read. */
function classBalance(name, counts) {
  const total = counts.reduce((sum, each) => sum + each.count, 0);
  const labels = counts.map((each) => (each.name === null ? "all others" : each.name));
  return (colours) => ({
    traces: [{
      type: "bar", orientation: "h",
      y: counts.map((_, index) => index),
      x: counts.map((each) => each.count),
      customdata: counts.map((each, index) => [plain(labels[index]), `${((100 * each.count) / total).toFixed(1)} %`]),
      hovertemplate: "%{customdata[0]}: %{x:,} examples, %{customdata[1]}<extra></extra>",
      marker: { color: colours.series[0] },
    }],
    layout: {
      height: Math.max(140, counts.length * ROW_PX + 70),
      bargap: 0.25,
      margin: { l: 8, r: 16, t: 4, b: 44 },
      xaxis: { title: "examples to train on", rangemode: "tozero", tickformat: ",", fixedrange: true, nticks: 6 },
      yaxis: {
        tickvals: labels.map((_, index) => index), ticktext: labels.map((each) => plain(shortened(each))),
        autorange: "reversed", fixedrange: true, showgrid: false, zeroline: false,
      },
    },
  });
}

const shortened = (text) => (text.length > 24 ? `${text.slice(0, 23)}…` : text);

/** Small histograms side by side, each with its own axis; as many in a row as the page is wide. */
function spread(histograms, width) {
  const columns = Math.max(1, Math.min(histograms.length, Math.floor(width / (NARROW.matches ? 150 : 185)), 6));
  const rows = Math.ceil(histograms.length / columns);
  return (colours) => {
    const layout = { height: rows * CELL_PX + TITLE_PX, margin: { l: 4, r: 4, t: TITLE_PX, b: 0 }, showlegend: false, bargap: 0.06, annotations: [] };
    const traces = histograms.map((one, index) => {
      const axis = index === 0 ? "" : index + 1;
      const place = cell(index, columns, rows);
      layout[`xaxis${axis}`] = { domain: place.x, anchor: `y${axis}`, nticks: 4, fixedrange: true, showgrid: false, zeroline: false, automargin: false, tickfont: { size: 11 } };
      layout[`yaxis${axis}`] = { domain: place.y, anchor: `x${axis}`, showticklabels: false, ticks: "", fixedrange: true, showgrid: false, zeroline: false, automargin: false, rangemode: "tozero" };
      layout.annotations.push(title(one, place, colours));
      return bars(one, axis, colours);
    });
    return { traces, layout };
  };
}

function cell(index, columns, rows) {
  const [column, row] = [index % columns, Math.floor(index / columns)];
  const gap = 0.12 / columns;
  const [step, tall] = [1 / columns, 1 / rows];
  const words = (TITLE_PX + TICKS_PX) / (rows * CELL_PX);
  const lowest = row === rows - 1 ? TICKS_PX / (rows * CELL_PX) : words;
  return {
    x: [column * step + gap / 2, (column + 1) * step - gap / 2],
    y: [Math.max(0, 1 - (row + 1) * tall + lowest), 1 - row * tall],
  };
}

function title(one, place, colours) {
  const unit = one.unit ? ` (${one.unit})` : "";
  const missing = one.missing ? `, ${number(one.missing)} missing` : "";
  return {
    text: plain(shortened(`${one.name}${unit}`) + missing), xref: "paper", yref: "paper", x: place.x[0], y: place.y[1],
    xanchor: "left", yanchor: "bottom", showarrow: false, font: { size: 12, color: colours.ink },
  };
}

function bars(one, axis, colours) {
  const width = (one.most - one.least) / one.counts.length || 1;
  const edges = one.counts.map((_, bin) => one.least + bin * width);
  return {
    type: "bar", xaxis: `x${axis}`, yaxis: `y${axis}`,
    x: edges.map((edge) => edge + width / 2), y: one.counts, width: one.counts.map(() => width),
    customdata: edges.map((edge) => `${number(edge)} to ${number(edge + width)}`),
    hovertemplate: `${plain(one.name)}<br>%{customdata}: %{y:,} examples<extra></extra>`,
    marker: { color: colours.series[0], line: { width: 0.5, color: colours.card } },
  };
}

/** What the chart shows, for those who do not see it. */
function sentence(counts) {
  const most = counts.reduce((best, each) => (each.count > best.count ? each : best));
  const least = counts.reduce((best, each) => (each.count < best.count ? each : best));
  return `${counts.length} classes; most often ${most.name ?? "others"}, ${number(most.count)} examples; least often ${least.name ?? "others"}, ${number(least.count)}`;
}

async function drawAll() {
  byId("charts-problem").hidden = true;
  const { preview } = await get(`/v1/datasets/${encodeURIComponent(byId("charts").dataset.name)}`);
  for (const element of document.querySelectorAll("[data-classes]")) {
    const counts = preview.classes[element.dataset.classes];
    element.setAttribute("aria-label", `${element.dataset.classes}: ${sentence(counts)}`);
    await draw(element, classBalance(element.dataset.classes, counts));
  }
  const place = byId("histograms");
  if (place !== null) await draw(place, spread(preview.histograms, place.clientWidth));
}

async function start() {
  try {
    await drawAll();
  } catch (error) {
    const again = el("button", { type: "button", onclick: start }, "Try again");
    byId("charts-problem").replaceChildren(`The charts could not be drawn: ${error.message}. `, again);
    byId("charts-problem").hidden = false;
    for (const chart of document.querySelectorAll(".chart.loading")) chart.classList.remove("loading");
  }
}

start();
NARROW.addEventListener("change", start);
