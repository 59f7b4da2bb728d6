// Short words in the corner, read out by screen readers.
import { byId, el } from "./dom.js";

export function tell(text, bad = false) {
  const notice = el("div", { class: bad ? "notice bad" : "notice" }, text);
  byId("notices").append(notice);
  setTimeout(() => notice.remove(), bad ? 12_000 : 5000);
}

/** Run something that talks to the server; a failure is told, and answered with undefined. */
export async function told(work) {
  try {
    return await work();
  } catch (error) {
    tell(error.message, true);
    return undefined;
  }
}

/** Ask before something that cannot be undone. */
export function confirmed(question, yes = "Yes") {
  return new Promise((resolve) => {
    const dialog = el(
      "dialog", { "aria-label": question }, el("p", {}, question),
      el("form", { method: "dialog", class: "actions" },
        el("button", { value: "no" }, "No, go back"), el("button", { value: "yes", class: "danger" }, yes)),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
