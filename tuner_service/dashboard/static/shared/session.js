// Whether the server still knows who this is. Once it does not, the page says so in one place, and nothing asks again.
import { byId, el } from "./dom.js";

let over = false;

export const isSignedOut = () => over;

/** Call when the session is over, at once if it is already. */
export function whenSignedOut(call) {
  if (over) call();
  else document.addEventListener("signed-out", call, { once: true });
}

/** The server has answered that nobody is logged in here. */
export function signedOut() {
  if (over) return;
  over = true;
  const again = el("a", { href: location.href }, "load this page again");
  byId("main").prepend(el("p", { id: "signed-out", class: "note bad", role: "alert" },
    el("strong", {}, "You are logged out."), " What is shown is of before. Log in again in another tab (",
    el("code", {}, "tuner login"), "), then ", again, "."));
  document.dispatchEvent(new CustomEvent("signed-out"));
}
