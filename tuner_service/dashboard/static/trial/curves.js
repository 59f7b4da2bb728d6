// The learning curves of a trial: a chart for each metric, training and validation over each other.
import { draw } from "../shared/charts.js";
import { byId, el, throttled } from "../shared/dom.js";
import { number } from "../shared/format.js";
import { chart, base } from "./chart.js";

const DRAW_MS = 250;
const FIRST_SHOWN = 12; // a model may report any number of metrics
const RATE = "learning_rate";

/** Where the learning rate fell: `{epoch, from, to}`, the epoch being the first one at the lower rate. */
function drops(epochs) {
  const found = [];
  for (const [index, { epoch, metrics }] of epochs.entries()) {
    const [from, to] = [epochs[index - 1]?.metrics[RATE], metrics[RATE]];
    if (typeof from === "number" && typeof to === "number" && to < from) found.push({ epoch, from, to });
  }
  return found;
}

/** The objective's chart first, the learning rate's last. */
function ordered(bases, objectives) {
  const first = objectives.map(({ metric }) => base(metric));
  const rank = (name) => (first.includes(name) ? first.indexOf(name) - 100 : name === RATE ? 100 : 0);
  return [...bases].sort((a, b) => rank(a) - rank(b));
}

export class Curves {
  constructor(charted) {
    this.charted = charted;
    this.epochs = new Map();
    this.rolledBack = [];
    this.loaded = false;
    this.all = false;
    this.panels = new Map();
    this.later = throttled(() => this.draw(), DRAW_MS);
    byId("more-curves").addEventListener("click", () => {
      this.all = true;
      this.draw();
    });
  }

  show(epochs, lost, charted) {
    this.loaded = true;
    this.epochs = new Map(epochs.map((epoch) => [epoch.epoch, epoch]));
    this.rolledBack = lost;
    this.charted = charted;
    this.draw();
  }

  add(epoch) {
    this.epochs.set(epoch.epoch, epoch);
    this.later();
  }

  /** So many epochs are left: the others were rolled back. */
  cut(count) {
    for (const epoch of this.epochs.keys()) if (epoch >= count) this.epochs.delete(epoch);
    this.later();
  }

  lost(rolledBack) {
    this.rolledBack = rolledBack;
    this.later();
  }

  standing(charted) {
    this.charted = charted;
    this.later();
  }

  failed() {
    if (!this.loaded) this.say("The epochs could not be loaded.");
  }

  draw() {
    const epochs = [...this.epochs.values()].sort((a, b) => a.epoch - b.epoch);
    const known = [...epochs, ...this.rolledBack.flatMap((lost) => lost.epochs)];
    const metrics = [...new Set(known.flatMap(({ metrics: them }) => Object.keys(them)))];
    this.say(known.length ? "" : this.whyNone());
    const bases = ordered(new Set(metrics.map(base)), this.charted.objectives);
    const shown = this.all ? bases : bases.slice(0, FIRST_SHOWN);
    byId("more-curves").hidden = shown.length === bases.length;
    byId("more-curves").textContent = `Show all ${bases.length} metrics`;
    const told = { epochs, rolledBack: this.rolledBack, metrics, marks: this.marks(epochs), charted: this.charted };
    tellMarks(told);
    shown.forEach((name) => this.panel(name)); // all before the first is drawn: they share the width
    for (const name of shown) this.drawOne(name, told);
  }

  drawOne(name, told) {
    const { make, label } = chart(name, told);
    const element = this.panel(name);
    element.setAttribute("aria-label", label);
    draw(element, make);
  }

  panel(name) {
    if (!this.panels.has(name)) {
      const element = el("div", { class: "chart", role: "img" });
      byId("curves").append(el("div", { class: "curve" }, el("h3", {}, name.replace(/_/g, " ")), element));
      this.panels.set(name, element);
    }
    return this.panels.get(name);
  }

  marks(epochs) {
    const { best_epoch: best, ended_early: why, reduces } = this.charted;
    const last = epochs.at(-1)?.epoch;
    return {
      drops: reduces ? drops(epochs) : [], // else they are a schedule's
      best: best !== null && this.epochs.has(best) ? best : null,
      end: why !== null && last !== undefined ? { epoch: last, why } : null,
    };
  }

  whyNone() {
    const { state } = this.charted;
    if (state === "queued") return "No epoch yet: the trial waits for a worker.";
    return state === "running" ? "No epoch yet: the first one is being trained." : "No epoch was reported.";
  }

  say(text) {
    byId("no-curves").hidden = text === "";
    byId("no-curves").textContent = text;
  }
}

/** What lines and signs mean. */
function tellMarks({ marks: { drops: lowered, best, end }, metrics, rolledBack }) {
  const paired = metrics.some((metric) => metrics.includes(`val_${metric}`));
  const rates = lowered.map(({ epoch, to }) => `${number(to)} from epoch ${epoch}`).join(", ");
  const told = [
    ...(paired ? [["┄", "training", "training"], ["━", "validation", "validation"]] : []),
    rolledBack.length && ["┈", "rolled back", "gone"],
    best !== null && ["★", `best epoch: ${best}`],
    lowered.length && ["▾", `learning rate lowered on a plateau: ${rates}`],
    end !== null && ["■", end.why.includes("after epoch") ? end.why : `${end.why} after epoch ${end.epoch}`],
  ].filter(Boolean);
  byId("marks").replaceChildren(
    ...told.map(([sign, text, kind = ""]) =>
      el("span", {}, el("span", { class: `sign ${kind}`, "aria-hidden": "true" }, sign), ` ${text}`)),
  );
}
