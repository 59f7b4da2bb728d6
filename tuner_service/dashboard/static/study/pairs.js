// Charts of two things against each other, of which a reader may choose the two: parameters, objectives.
import { get } from "../shared/api.js";
import { pairOf } from "../shared/choices.js";
import { byId } from "../shared/dom.js";
import { panel } from "../shared/panel.js";
import { showContour, showPareto } from "./analysis.js";
import { searched } from "./space.js";
import { opening } from "./trials.js";

const HEAVY_MS = 10_000;

const query = (x, y) => `x=${encodeURIComponent(x)}&y=${encodeURIComponent(y)}`;

/** The first objective over two parameters: those that matter most, until somebody chooses. */
export function contourPanel(base, current) {
  const [across, up] = [byId("contour-x"), byId("contour-y")];
  const names = searched(current());
  if (names.length < 2) byId("contour").closest("section").hidden = true;
  let chosen = false;
  const self = panel("contour", {
    every: HEAVY_MS,
    async load() {
      if (!chosen) {
        const { importance } = await get(`${base}/charts/importance`);
        if (!chosen) [across.value, up.value] = foremost(current().space.parameters, names, importance);
      }
      const axes = [across.value, up.value];
      return { ...await get(`${base}/charts/contour?${query(...axes)}`), axes };
    },
    show: (data) => showContour(byId("contour"), { ...data, objective: current().spec.objectives[0] }),
  });
  pairOf(across, up, names, () => {
    chosen = true;
    self.reload();
  });
  return self;
}

/** The two most important ones that a candidate may have both: not where one value of a third rules the other out. */
function foremost(parameters, names, importance) {
  const conditions = new Map(parameters.map(({ name, when }) => [name, when ?? []]));
  const together = (one, other) => conditions.get(one).every(({ parameter, values }) => conditions.get(other).every(
    (condition) => condition.parameter !== parameter || condition.values.some((value) => values.includes(value))));
  const [first, ...others] = [...names].sort((a, b) => (importance[b] ?? 0) - (importance[a] ?? 0));
  return [first, others.find((name) => together(name, first)) ?? others[0]];
}

/** The trials by two of the objectives: the first two, unless there are more to choose from. */
export function paretoPanel(base, current, open) {
  const { objectives } = current().spec;
  const [across, up] = [byId("pareto-x"), byId("pareto-y")];
  const axes = () => (across === null ? objectives.slice(0, 2)
    : [across, up].map(({ value }) => objectives.find(({ metric }) => metric === value)));
  const self = panel("pareto", {
    every: HEAVY_MS,
    async load() {
      const shown = axes();
      return { ...await get(`${base}/charts/pareto?${query(...shown.map(({ metric }) => metric))}`), axes: shown };
    },
    async show(data) {
      const said = await showPareto(byId("pareto"), { ...data, many: objectives.length });
      if (said.empty === undefined) opening(byId("pareto"), open);
      return said;
    },
  });
  if (across !== null) pairOf(across, up, objectives.map(({ metric }) => metric), self.reload);
  return self;
}
