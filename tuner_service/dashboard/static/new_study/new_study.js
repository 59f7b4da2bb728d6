// The form for a new study: what is chosen becomes a request, which is shown as one types and sent as it is shown.
import { send } from "../shared/api.js";
import { byId, el } from "../shared/dom.js";
import { blameFields, blameWithin, forgive, summarize } from "./field_errors.js";
import { duration } from "../shared/format.js";
import { metricField } from "./metric_field.js";
import { ObjectivesForm } from "./objectives_form.js";
import { ParameterForm } from "./parameter_form.js";
import { PlainFields } from "./plain_fields.js";
import { asCurl, asJson, asPython, lean } from "./spec.js";
import { tabs } from "../shared/tabs.js";

const form = byId("new-study");
const summary = byId("problems");
const launchButton = byId("launch");
const offer = JSON.parse(form.dataset.offer);
const { given, usual } = offer;
const EXTERNAL = { metrics: [], own: true };

const fields = new PlainFields(form, given, usual);
const objectives = new ObjectivesForm(byId("objectives"), byId("add-objective"), update);
const parameterForms = new Map();
let parameters = null;
let untouched = null;
let sent = { text: null, key: null };

const chosenDataset = () => offer.datasets.find(({ name }) => name === byId("data-set")?.value);
const chosenFamily = () => offer.families.find(({ name }) => name === form.querySelector("[name=search_space]:checked")?.value);

// What is chosen first, and what follows from it.

function chooseDataset() {
  const dataset = chosenDataset();
  const fitting = dataset?.families ?? [];
  for (const radio of form.querySelectorAll("[name=search_space]")) {
    radio.closest(".family").hidden = !fitting.includes(radio.value);
    if (!fitting.includes(radio.value)) radio.checked = false;
  }
  if (dataset && !chosenFamily()) {
    const first = [...form.querySelectorAll("[name=search_space]")].find((radio) => fitting.includes(radio.value) && !radio.disabled);
    if (first) first.checked = true;
  }
  byId("no-dataset").hidden = Boolean(dataset);
  byId("no-family").hidden = !dataset || fitting.length > 0;
  for (const about of form.querySelectorAll("[data-about]")) about.hidden = about.dataset.about !== dataset?.name;
  chooseFamily();
}

function chooseFamily() {
  const [dataset, family] = [chosenDataset(), chosenFamily()];
  byId("rest").hidden = !family;
  launchButton.disabled = !family;
  launchButton.textContent = family ? "Launch the study" : dataset ? "No family is chosen" : "Choose a data set first";
  byId("waiting").hidden = !family || (family.here && dataset.here);
  if (!family) return;
  showParameters(family.name, family.parameters);
  const offered = { metrics: dataset.metrics, own: family.own };
  objectives.offer(offered, dataset.objectives, untouched === null ? given.objectives : null);
  offerMonitors(offered);
  byId("waiting").textContent = offer.workers
    ? `No worker that is connected now can train ${family.name} on ${dataset.name}: the study will wait for one.`
    : "No worker is connected: the study will wait for one. Start one with: tuner worker";
}

function showParameters(family, its) {
  if (!parameterForms.has(family)) {
    const isCopied = family === null || family === given.search_space;
    parameterForms.set(family, new ParameterForm(its, isCopied ? given.overrides ?? {} : {}, update));
  }
  parameters = parameterForms.get(family);
  byId("parameters").replaceChildren(parameters.element);
}

/** What the callbacks watch: a metric of this data set. */
function offerMonitors(offered) {
  for (const place of form.querySelectorAll("[data-monitor]")) {
    const callback = place.dataset.monitor;
    const before = place.querySelector("select, input")?.value ?? given.training?.[callback]?.monitor ?? usual.training[callback].monitor;
    const kept = offered.own || offered.metrics.includes(before) ? before : usual.training[callback].monitor;
    place.replaceChildren(metricField(`${place.dataset.label}: monitor`, ["training", callback, "monitor"], kept, offered));
  }
}

// The request.

/** The parts in which a copied study may say more than the form has fields for. */
function begun() {
  const isAsBefore = (part, select) => given[part]?.algorithm === byId(select).value;
  const isWrappedAsBefore = () => (given.pruning.wraps ?? byId("wraps").value) === byId("wraps").value;
  return {
    search: isAsBefore("search", "algorithm") ? structuredClone(given.search) : {},
    pruning: isAsBefore("pruning", "pruning") && isWrappedAsBefore() ? structuredClone(given.pruning) : {},
    training: structuredClone(given.training ?? {}),
  };
}

function request() {
  const body = begun();
  for (const toggle of form.querySelectorAll("[data-callback]")) {
    const callback = toggle.dataset.callback;
    body.training[callback] = toggle.checked ? body.training[callback] ?? {} : null;
    const monitor = form.querySelector(`[data-monitor="${callback}"] :is(select, input)`);
    if (toggle.checked && monitor) body.training[callback].monitor = monitor.value.trim();
  }
  fields.into(body);
  const { name, ...rest } = lean({ ...body, overrides: parameters?.read() ?? {} }, usual);
  const wanted = objectives.read();
  if (wanted) rest.objectives = wanted;
  const what = offer.external ? ofExternal() : { search_space: chosenFamily()?.name, dataset: chosenDataset()?.name };
  return inOrder({ name, ...rest, ...what });
}

function ofExternal() {
  const training = Object.keys(given.training).length > 0 ? { training: given.training } : {};
  return { executor: "external", search_space: given.search_space, ...training };
}

const ORDER = [
  "name", "executor", "search_space", "dataset", "overrides", "objectives", "search", "pruning", "training", "budget", "max_parallel", "priority",
];

const inOrder = (body) => Object.fromEntries(ORDER.filter((key) => body[key] !== undefined).map((key) => [key, body[key]]));

function check() {
  const problems = [...fields.check(), ...objectives.check(), ...parameters.check()];
  const order = (problem) => ORDER.indexOf(problem.loc[0]);
  return problems.sort((left, right) => order(left) - order(right));
}

// What is shown of it.

function update() {
  showDependent();
  parameters?.show();
  const counts = parameters?.counts();
  byId("counts").textContent = counts ? `${counts.searched} of ${counts.all} searched` : "";
  const it = request();
  byId("json").textContent = asJson(it);
  byId("curl").textContent = asCurl(it, location.origin);
  byId("python").textContent = asPython(it, location.origin);
}

/** What is chosen in a select; with patience also the rule that it wraps, whose fields are needed too. */
function chosen(select) {
  const { value } = byId(select);
  return value === "patient" ? [value, byId("wraps").value] : [value];
}

/** The fields that mean something only under what is chosen elsewhere. */
function showDependent() {
  for (const toggle of form.querySelectorAll("[data-callback]")) byId(toggle.getAttribute("aria-controls")).disabled = !toggle.checked;
  for (const part of form.querySelectorAll("[data-for]")) {
    const [select, ...values] = part.dataset.for.split(" ");
    part.hidden = !chosen(select).some((value) => values.includes(value));
  }
  for (const words of form.querySelectorAll("[data-says]")) {
    const seconds = Number(byId(words.dataset.says).value);
    words.textContent = seconds >= 60 && Number.isFinite(seconds) ? `= ${duration(seconds)}` : "";
  }
}

// Sending it.

/** One key for one request: sent twice, it opens one study. (randomUUID is for secure connections only.) */
function keyOf(text) {
  if (sent.text !== text) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    sent = { text, key: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") };
  }
  return sent.key;
}

async function launch(event) {
  event.preventDefault();
  if (launchButton.disabled) return;
  forgive(form);
  summary.hidden = true;
  const problems = check();
  if (problems.length > 0) return blameFields(form, summary, problems);
  launchButton.disabled = true;
  const it = request();
  try {
    const study = await send("POST", "/v1/studies", it, { "Idempotency-Key": keyOf(JSON.stringify(it)) });
    untouched = byId("json").textContent;
    location.assign(`/studies/${encodeURIComponent(study.name)}`);
  } catch (problem) {
    refused(problem);
  } finally {
    launchButton.disabled = false;
  }
}

const KEPT = "Nothing that you chose is lost.";

function refused(problem) {
  if (problem.code === "study_exists") return blameFields(form, summary, [{ loc: ["name"], msg: problem.message }]);
  if (problem.errors.length > 0) {
    return blameFields(form, summary, problem.errors.map(({ loc, msg }) => ({ loc: loc.slice(1), msg })));
  }
  const isPassing = problem.status === 0 || problem.status >= 500;
  const advice = problem.status === 401 ? "Log in again in another tab, then launch here." : isPassing ? "Try again in a moment." : "";
  summarize(summary, `Not launched: ${problem.message}`, el("p", {}, `${KEPT} ${advice}`));
  summary.focus();
}

const around = (control) => control.closest(".parameter, .objective, .setting, .field");

form.addEventListener("submit", launch);
form.addEventListener("focusout", ({ target, relatedTarget }) => {
  const left = around(target);
  // What is about to be pressed shall not move away under the pointer: it says what is wrong by itself.
  if (left === null || parameters === null || left.contains(relatedTarget) || relatedTarget === launchButton) return;
  blameWithin(form, left, check());
});
form.addEventListener("input", (event) => {
  forgive(around(event.target) ?? event.target.parentElement);
  if (event.target.id === "data-set") chooseDataset();
  if (event.target.name === "search_space") chooseFamily();
  update();
});
form.addEventListener("change", update);
addEventListener("beforeunload", (event) => {
  if (byId("json").textContent !== untouched) event.preventDefault();
});

tabs(byId("request-tabs"));
if (offer.external) {
  showParameters(null, given.search_space.parameters);
  objectives.offer(EXTERNAL, offer.external, given.objectives);
} else {
  chooseDataset();
}
update();
untouched = byId("json").textContent;
form.classList.remove("loading");
