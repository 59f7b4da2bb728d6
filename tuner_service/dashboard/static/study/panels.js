// The charts of a study, each loaded when it is seen.
import { get } from "../shared/api.js";
import { draw } from "../shared/charts.js";
import { offer } from "../shared/choices.js";
import { byId, throttled } from "../shared/dom.js";
import { panel } from "../shared/panel.js";
import { parallel } from "./parallel.js";
import { showImportance, showSlices } from "./analysis.js";
import { improvement, improvementInWords, learning, learningInWords, wantsLog } from "./charts.js";
import { contourPanel, paretoPanel } from "./pairs.js";
import { conditional, searched } from "./space.js";
import { opening } from "./trials.js";
import { aim, thinned } from "./words.js";

const FRAME_MS = 250;
const CALM_MS = 5000;
const HEAVY_MS = 10_000;
const NO_RESULT = "No trial is completed yet.";

/**
 * `current()` is the study as it stands; `select(kept)` hears what is brushed. What is returned: `news()` when trials
 * changed, `trial(body)` and `epoch(body)` for what was heard of one.
 */
export function panels(base, current, select) {
  const open = (trial) => location.assign(`${base}/trials/${trial}`);
  const curves = curvesPanel(base, current, open);
  const all = [
    improvementPanel(base, open), curves, parallelPanel(base, select, open),
    panel("importance", {
      load: () => get(`${base}/charts/importance`), every: HEAVY_MS,
      show: (data) => showImportance(byId("importance"), { ...data, names: searched(current()), conditional: conditional(current()) }),
    }),
    contourPanel(base, current), slicesPanel(base, current),
  ];
  if (byId("pareto")) all.push(paretoPanel(base, current, open));
  return {
    news: () => all.forEach((each) => each.news()),
    trial: curves.trial,
    epoch: curves.epoch,
  };
}

function described(element, words) {
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", words);
}

function improvementPanel(base, open) {
  const element = byId("improvement");
  const over = byId("improvement-over");
  const self = panel("improvement", {
    load: () => get(`${base}/charts/progress`),
    async show(data) {
      if (data.best.number.length === 0) return { empty: NO_RESULT };
      described(element, improvementInWords(data));
      await draw(element, improvement(data, over.value));
      opening(element, open);
      return { note: [`${data.metric}: ${aim(data)}.`, thinned(data)].join(" ") };
    },
  });
  over.addEventListener("change", () => self.redraw());
  return self;
}

function curvesPanel(base, current, open) {
  const element = byId("curves");
  const metric = byId("curves-metric");
  const log = byId("curves-log");
  let data = null;
  let scaleChosen = false;
  const self = panel("curves", {
    every: CALM_MS,
    load: () => get(`${base}/charts/curves${metric.value ? `?metric=${encodeURIComponent(metric.value)}` : ""}`),
    async show(fresh) {
      data = fresh;
      offer(metric, data.metrics, data.metric);
      if (!data.curves.some(({ values }) => values.length > 0)) return { empty: "No epoch has been reported yet." };
      if (!scaleChosen) log.checked = wantsLog(data.curves.flatMap(({ values }) => values));
      const seen = { ...data, best: current().best?.trial ?? null, log: log.checked };
      described(element, learningInWords(seen));
      await draw(element, learning(seen));
      opening(element, open);
      return { note: thinned(data) };
    },
  });
  const soon = throttled(() => self.redraw(), FRAME_MS);
  metric.addEventListener("change", () => {
    scaleChosen = false;
    self.reload();
  });
  log.addEventListener("change", () => {
    scaleChosen = true;
    self.redraw();
  });
  self.epoch = ({ number, epoch, metrics }) => {
    if (data === null) return;
    let curve = data.curves.find((each) => each.number === number);
    if (!curve) data.curves.push(curve = { number, state: "running", values: Array(epoch).fill(null) });
    curve.values.length = Math.min(curve.values.length, epoch); // what was rolled back is trained again
    while (curve.values.length < epoch) curve.values.push(null);
    curve.values.push(metrics[data.metric] ?? null);
    if (!data.metrics.length) self.reload();
    else soon();
  };
  self.trial = ({ number, state }) => {
    const curve = data?.curves.find((each) => each.number === number);
    if (!curve || curve.state === state) return;
    curve.state = state;
    soon();
  };
  return self;
}

function parallelPanel(base, select, open) {
  const element = byId("parallel");
  let picture = null;
  return panel("parallel", {
    every: CALM_MS,
    load: () => get(`${base}/charts/parallel`),
    show(data) {
      if (data.number.length < 2) return { empty: "This shows once two trials are completed." };
      picture ??= parallel(element, { select, open });
      picture.show(data);
      return {};
    },
  });
}

function slicesPanel(base, current) {
  return panel("slices", {
    every: HEAVY_MS,
    load: () => get(`${base}/charts/slices`),
    show: (data) => showSlices(byId("slices"), { ...data, objective: current().spec.objectives[0], names: searched(current()) }),
  });
}
