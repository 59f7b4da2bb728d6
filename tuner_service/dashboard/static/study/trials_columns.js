// The columns of the table of trials, and which of them somebody chose.
import { el } from "../shared/dom.js";
import { duration, number, value } from "../shared/format.js";

const SHOWN_PARAMETERS = 8;

/** Every column: `order` is what the server sorts by, `first` how at the first click, `cell(trial)` what stands there. */
export function columnsOf(study, base, executor) {
  const sorted = (order, first = order) => ({ order, first });
  const plainly = (id, label, numeric, cell, shown, order = {}) => ({ id, label, numeric, cell, shown, ...order });
  const objectives = study.spec.objectives.map(({ metric, direction }) =>
    plainly(`values.${metric}`, metric, true, ({ values }) => number(values?.[metric]), true,
      sorted(`values.${metric}`, direction === "maximize" ? `-values.${metric}` : `values.${metric}`)));
  const searched = study.space.parameters.filter(({ type }) => type !== "fixed");
  const parameters = searched.map(({ name, type }, index) =>
    plainly(`parameters.${name}`, name, type === "int" || type === "float", ({ parameters: all }) => (name in all ? value(all[name]) : "—"),
      index < SHOWN_PARAMETERS, sorted(`parameters.${name}`)));
  const keras = executor === "keras";
  return [
    plainly("number", "Trial", true, (trial) => el("a", { href: `${base}/trials/${trial.number}` }, String(trial.number)), true,
      sorted("number", "-number")),
    plainly("state", "State", false, stateOf, true, sorted("state")),
    ...objectives,
    ...parameters,
    plainly("epochs", "Epochs", true, ({ epochs }) => number(epochs), true, sorted("epochs", "-epochs")),
    plainly("best_epoch", "Best epoch", true, ({ best_epoch }) => number(best_epoch), false),
    plainly("seconds", "Time", true, ({ seconds }) => duration(seconds), true, sorted("seconds", "-seconds")),
    plainly("model_parameters", "Model parameters", true, ({ model_parameters }) => number(model_parameters), keras,
      sorted("model_parameters", "-model_parameters")),
    plainly("started_at", "Started", false, ({ started_at }) => moment(started_at), false, sorted("started_at", "-started_at")),
    plainly("finished_at", "Ended", false, ({ finished_at }) => moment(finished_at), false, sorted("finished_at", "-finished_at")),
    plainly("worker", "Worker", false, ({ worker }) => worker ?? "—", false),
    plainly("origin", "From", false, ({ origin }) => origin, false),
    plainly("attempt", "Attempt", true, ({ attempt }) => number(attempt), false, sorted("attempt", "-attempt")),
  ];
}

/** What a trial has, shown or not: of parameters also the fixed ones. */
export function everyId({ space }, columns) {
  const isParameter = (id) => id.startsWith("parameters.");
  return [...columns.map(({ id }) => id).filter((id) => !isParameter(id)), ...space.parameters.map(({ name }) => `parameters.${name}`)];
}

const stateOf = ({ state, error }) => el("span", { class: `state ${state}`, title: error ?? null }, state);

/** A time of the server's, as a clock here would show it. */
export function moment(time) {
  if (time === null) return "—";
  const at = new Date(time);
  return el("time", { datetime: time, title: `${time.slice(0, 19).replace("T", " ")} UTC` },
    at.toLocaleString([], { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" }));
}

/** The ids of the columns that are shown: a set, with `choose(id, shown)` that this browser remembers for the study. */
export function remembered(study, columns) {
  const key = `tuner.columns.${study.name}`;
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(key));
  } catch {
    // A browser that keeps nothing, or something else that was kept there: the usual columns.
  }
  const known = Array.isArray(kept) ? columns.filter(({ id }) => kept.includes(id) || id === "number") : columns.filter(({ shown }) => shown);
  const chosen = new Set(known.map(({ id }) => id));
  chosen.choose = (id, shown) => {
    chosen[shown ? "add" : "delete"](id);
    try {
      localStorage.setItem(key, JSON.stringify([...chosen]));
    } catch {
      // The choice then lasts until the page is left.
    }
  };
  return chosen;
}
