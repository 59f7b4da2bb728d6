// The same candidate once more, or another one like it.
import { send } from "../shared/api.js";
import { candidateForm } from "../shared/candidate.js";
import { byId } from "../shared/dom.js";

/** `queued(trial)` is called with the new trial. */
export function queueing(url, queued) {
  const dialog = byId("queue");
  if (dialog === null) return;
  const form = candidateForm(byId("queue-fields"), JSON.parse(dialog.dataset.parameters));
  const problem = byId("queue-problem");
  // The button comes and goes with the study's state.
  document.addEventListener("click", (event) => {
    if (event.target.closest("#again") === null) return;
    form.fill(JSON.parse(dialog.dataset.values));
    problem.textContent = "";
    dialog.showModal();
  });
  byId("queue-close").addEventListener("click", () => dialog.close());
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.textContent = "";
    const parameters = form.read();
    if (parameters === null) return;
    try {
      queued(await send("POST", url, { parameters, extend: true }));
    } catch (error) {
      if (!form.complain(error.errors ?? [])) problem.textContent = error.message;
    }
  });
}
