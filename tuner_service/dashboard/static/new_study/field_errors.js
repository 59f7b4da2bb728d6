// What is wrong with a request, at the fields where it is wrong, and all of it above.
import { byId, el } from "../shared/dom.js";

let count = 0;
const locOf = (element) => JSON.parse(element.dataset.loc);
const isAt = (field, loc) => field.every((part, index) => String(part) === String(loc[index]));
const isShown = (element) => element.checkVisibility() && element.closest("fieldset:disabled") === null;

/** The field that a place in the request belongs to: the one that names most of it. */
function fieldAt(form, loc) {
  let found = null;
  for (const element of form.querySelectorAll("[data-loc]")) {
    const field = locOf(element);
    if (isAt(field, loc) && (found === null || field.length > locOf(found).length)) found = element;
  }
  return found;
}

/** What can be focused of a field: itself, or the first shown in it. */
function controlOf(field) {
  const controls = "input, select, textarea";
  if (field.matches(controls) && isShown(field)) return field;
  const around = field.matches(controls) ? field.parentElement : field;
  return [...around.querySelectorAll(controls)].find(isShown) ?? null;
}

/** Take back what was said of the controls in an element. */
export function forgive(within) {
  for (const control of within.querySelectorAll('[aria-invalid="true"]')) {
    const hints = control.getAttribute("aria-describedby").split(" ").filter((id) => id !== control.dataset.problem);
    if (hints.length > 0) control.setAttribute("aria-describedby", hints.join(" "));
    else control.removeAttribute("aria-describedby");
    control.removeAttribute("aria-invalid");
    byId(control.dataset.problem).remove();
    delete control.dataset.problem;
  }
}

function blame(control, msg) {
  if (control.dataset.problem) {
    byId(control.dataset.problem).append(`; ${msg}`);
    return;
  }
  const words = el("p", { class: "problem", id: `problem-${count++}` }, msg);
  (control.closest(".parameter .control, .objective, .setting, .field") ?? control.parentElement).append(words);
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", `${control.getAttribute("aria-describedby") ?? ""} ${words.id}`.trim());
  control.dataset.problem = words.id;
}

/** Pydantic tries every form that a number may have; what helps is the first complaint that is not about the form. */
function plain(msg) {
  const complaints = msg.split("; or: ");
  return complaints.find((complaint) => !complaint.includes("valid dictionary")) ?? msg;
}

/** A tick names its value only: what it belongs to is the parameter. */
const nameOf = (control) => control.getAttribute("aria-label")
  ?? control.closest(".parameter")?.querySelector("legend").textContent ?? control.labels?.[0]?.textContent.trim() ?? "this field";

/**
 * Show `{loc, msg}` at their fields and in `summary`, and go to the first. Folded parts open, so that nothing that is
 * wrong stays hidden.
 */
export function blameFields(form, summary, errors) {
  const found = errors.map(({ loc, msg }) => {
    const field = fieldAt(form, loc);
    field?.closest("details")?.setAttribute("open", "");
    const control = field && controlOf(field);
    if (control) blame(control, plain(msg));
    return { loc, msg: plain(msg), control };
  });
  const lines = found.map(({ loc, msg, control }) => el("li", {}, control ? linkTo(control, msg) : `${loc.join(", ")}: ${msg}`));
  summarize(summary, found.length === 1 ? "One thing is not right yet" : `${found.length} things are not right yet`, el("ul", {}, ...lines));
  (form.querySelector('[aria-invalid="true"]') ?? summary).focus();
}

/** Show at once what is wrong with one field and what belongs to it (`within`). */
export function blameWithin(form, within, errors) {
  forgive(within);
  for (const { loc, msg } of errors) {
    const field = fieldAt(form, loc);
    const control = field && controlOf(field);
    if (control && within.contains(control)) blame(control, plain(msg));
  }
}

function linkTo(control, msg) {
  control.id ||= `control-${count++}`;
  const link = el("a", { href: `#${control.id}` }, nameOf(control));
  link.addEventListener("click", (event) => {
    event.preventDefault();
    control.focus();
  });
  return el("span", {}, link, `: ${msg}`);
}

export function summarize(summary, title, ...rest) {
  summary.replaceChildren(el("h2", {}, title), ...rest);
  summary.hidden = false;
}
