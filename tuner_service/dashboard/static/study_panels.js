// The charts of a study, each loaded when it is seen.
import { get } from "./api.js";
import { draw } from "./charts.js";
import { byId, el, throttled } from "./dom.js";
import { panel } from "./panel.js";
import { parallel } from "./parallel.js";
import { showContour, showImportance, showPareto, showSlices } from "./study_analysis.js";
import { improvement, improvementInWords, learning, learningInWords, wantsLog } from "./study_charts.js";
import { aim, thinned } from "./study_words.js";

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
      show: (data) => showImportance(byId("importance"), { ...data, names: searched(current()) }),
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

/** A click on what belongs to a trial opens it. */
function opening(element, open) {
  if (element.dataset.opens) return;
  element.dataset.opens = "trial";
  element.on("plotly_click", ({ points }) => {
    if (Number.isInteger(points[0]?.customdata)) open(points[0].customdata);
  });
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

const searched = (study) => study.space.parameters.filter(({ type }) => type !== "fixed").map(({ name }) => name);

function contourPanel(base, current) {
  const [across, up] = [byId("contour-x"), byId("contour-y")];
  const names = searched(current());
  if (names.length < 2) byId("contour").closest("section").hidden = true;
  for (const select of [across, up]) offer(select, names, null);
  const conditions = new Map(current().space.parameters.map(({ name, when }) => [name, when ?? []]));
  /** Whether a candidate may have both: not where one value of a third parameter rules the other out. */
  const together = (one, other) => conditions.get(one).every(({ parameter, values }) => conditions.get(other).every(
    (condition) => condition.parameter !== parameter || condition.values.some((value) => values.includes(value))));
  let chosen = false;
  const self = panel("contour", {
    every: HEAVY_MS,
    async load() {
      if (!chosen) {
        // Until somebody chooses: the two that matter most.
        const { importance } = await get(`${base}/charts/importance`);
        const ranked = [...names].sort((a, b) => (importance[b] ?? 0) - (importance[a] ?? 0));
        if (!chosen) [across.value, up.value] = [ranked[0], ranked.slice(1).find((name) => together(name, ranked[0])) ?? ranked[1]];
      }
      const data = await get(`${base}/charts/contour?x=${encodeURIComponent(across.value)}&y=${encodeURIComponent(up.value)}`);
      return { ...data, axes: [across.value, up.value] };
    },
    show: (data) => showContour(byId("contour"), { ...data, objective: current().spec.objectives[0] }),
  });
  for (const [select, other] of [[across, up], [up, across]]) {
    select.addEventListener("change", () => {
      chosen = true;
      // The same twice has no picture: the other one takes what was here before.
      if (select.value === other.value) other.value = names.find((name) => name !== select.value);
      self.reload();
    });
  }
  return self;
}

function slicesPanel(base, current) {
  return panel("slices", {
    every: HEAVY_MS,
    load: () => get(`${base}/charts/slices`),
    show: (data) => showSlices(byId("slices"), { ...data, objective: current().spec.objectives[0], names: searched(current()) }),
  });
}

function paretoPanel(base, current, open) {
  return panel("pareto", {
    every: HEAVY_MS,
    load: () => get(`${base}/charts/pareto`),
    async show(data) {
      const said = await showPareto(byId("pareto"), { ...data, objectives: current().spec.objectives });
      if (said.empty === undefined) opening(byId("pareto"), open);
      return said;
    },
  });
}

/** Options of a select, kept as they are where nothing changed. */
function offer(select, names, chosen) {
  if ([...select.options].map(({ value }) => value).join("\n") !== names.join("\n")) {
    select.replaceChildren(...names.map((name) => el("option", { value: name }, name)));
  }
  if (chosen !== null && select.value !== chosen) select.value = chosen;
}
