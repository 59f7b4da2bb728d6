// The head of a study: its state, how far it is, the best so far, what may be done now.
import { byId, el } from "../shared/dom.js";
import { count, sentence } from "./words.js";
import { duration, number, value } from "../shared/format.js";
import { moment } from "./trials_columns.js";

const STATES = ["completed", "running", "queued", "pruned", "failed", "cancelled"];
const ENDED = ["completed", "pruned", "failed", "cancelled"];
const MOST_PARAMETERS = 14;

const ended = (progress) => ENDED.reduce((sum, state) => sum + progress[state], 0);

export function showHead(study, base) {
  const state = byId("state");
  state.className = `state ${study.state}`;
  state.textContent = study.state;
  showReason(study);
  for (const button of document.querySelectorAll("button[data-in]")) {
    button.hidden = !button.dataset.in.split(" ").includes(study.state);
  }
  showProgress(study);
  byId("best").replaceChildren(...best(study, base));
}

/** Its first line; what else there is, such as a traceback, is folded. */
function showReason({ state, reason }) {
  const text = reason ?? "";
  byId("reason").hidden = text === "";
  byId("reason").classList.toggle("bad", state === "failed");
  byId("reason-line").textContent = sentence(text.split("\n")[0]);
  const whole = byId("reason-whole");
  whole.hidden = !text.includes("\n");
  const shown = whole.querySelector("pre");
  if (shown.textContent !== text) shown.textContent = text;
}

function showProgress({ progress }) {
  const over = ended(progress);
  const bar = el("div", {
    class: "bar", role: "img",
    "aria-label": `${over} of ${progress.budget} trials have ended: ${counts(progress)}`,
  });
  for (const state of STATES.filter((state) => progress[state])) {
    const part = el("span", { class: state, title: `${progress[state]} ${state}` });
    part.style.flexGrow = progress[state];
    bar.append(part);
  }
  const left = Math.max(0, progress.budget - STATES.reduce((sum, state) => sum + progress[state], 0));
  const rest = el("span", { class: "rest" });
  rest.style.flexGrow = left;
  bar.append(rest);
  byId("progress").replaceChildren(
    el("p", { class: "figure" }, el("span", { class: "value" }, number(over)), ` of ${count(progress.budget, "trial")}`),
    bar,
    el("ul", { class: "counts" }, ...STATES.filter((state) => progress[state]).map(
      (state) => el("li", {}, el("span", { class: `state ${state}` }, number(progress[state])), ` ${state}`))),
    el("dl", { id: "pace", class: "facts tight" }),
  );
}

const counts = (progress) =>
  STATES.filter((state) => progress[state]).map((state) => `${progress[state]} ${state}`).join(", ");

/** Since when, how quickly, how long still; a number is null while nobody knows it. */
export function showPace(study, { used, left, each }) {
  const going = ["running", "paused"].includes(study.state);
  const facts = [["Opened", moment(study.created_at)], [going ? "So far" : "Took", duration(going ? Math.round(used) : used)]];
  if (each !== null) facts.push(["A trial takes", `${duration(each)} (median)`]);
  if (study.state === "running") facts.push(["Time left", inWords(left)]);
  renewFacts(byId("pace"), facts.flatMap(([label, it]) => [el("dt", {}, label), el("dd", {}, it)]));
}

function inWords(left) {
  if (left === null) return "not known yet";
  return left === 0 ? "any moment now" : `about ${duration(left)}`;
}

/** Only where it says something else: what somebody has marked stays so. */
function renewFacts(list, children) {
  const text = children.map(({ textContent }) => textContent).join("");
  if (list.textContent !== text) list.replaceChildren(...children);
}

function best(study, base) {
  if (study.best === null) return [el("p", { class: "none" }, "No trial is completed yet.")];
  const objectives = study.spec.objectives;
  if (objectives.length === 1) {
    return [figure(study.best, objectives[0], base), parameters(study.best.parameters)];
  }
  const front = study.pareto_front ?? [study.best];
  return [
    ...objectives.map((objective) => figure(foremost(front, objective), objective, base)),
    el("p", { class: "soft" }, `${count(front.length, "trial")} on the Pareto front`),
  ];
}

/** Of the trials on the front, the best in one objective: none off the front is better. */
function foremost(front, { metric, direction }) {
  const sign = direction === "maximize" ? 1 : -1;
  return front.reduce((best, each) => (sign * each.values[metric] > sign * best.values[metric] ? each : best));
}

const figure = (trial, { metric, direction }, base) =>
  el("p", { class: "figure" }, el("span", { class: "value" }, number(trial.values[metric])), ` ${metric}`,
    el("small", {}, `${direction === "maximize" ? "the highest" : "the lowest"}, of `,
      el("a", { href: `${base}/trials/${trial.trial}` }, `trial ${trial.trial}`)));

function parameters(given) {
  const all = Object.entries(given);
  const list = el("dl", { class: "facts tight" });
  for (const [name, it] of all.slice(0, MOST_PARAMETERS)) list.append(el("dt", {}, name), el("dd", {}, value(it)));
  const more = all.length - MOST_PARAMETERS;
  if (more > 0) list.append(el("dt", {}, "…"), el("dd", {}, `${more} more, on the trial's page`));
  return list;
}
