// A part of a page that the server renders, kept up to date: asked for every other second, told 304 while it is the same.
import { byId } from "./dom.js";
import { renew } from "./renew.js";
import { isSignedOut, signedOut, whenSignedOut } from "./session.js";

const EVERY_MS = 1500;
const AGAIN_MS = 3000;
const NO_SESSION = [401, 403];

/**
 * Keep `#part` as `address()` has it, and say in `#liveness` whether it is. `told(now)` is called after each answer with
 * the server's time in milliseconds, or undefined if somebody on the way took it off. What is returned has `soon()`,
 * to ask again at once.
 */
export function poll(address, told = () => {}) {
  const part = byId("part");
  let etag = part.dataset.etag;
  let shown = part.cloneNode(true);
  let asking = null;
  let due = null;

  async function ask() {
    clearTimeout(due);
    if (isSignedOut()) return;
    asking?.abort();
    const mine = (asking = new AbortController());
    let wait = EVERY_MS;
    try {
      wait = await look(mine.signal);
    } catch (error) {
      if (error.name === "AbortError") return;
      live("bad", "The server does not answer; trying again");
      wait = AGAIN_MS;
    }
    if (mine === asking && wait !== null && !document.hidden) due = setTimeout(ask, wait);
  }

  /** One look; how long to wait before the next, null for ever. */
  async function look(signal) {
    const reply = await fetch(address(), { headers: { "If-None-Match": etag }, cache: "no-store", signal });
    if (NO_SESSION.includes(reply.status)) {
      signedOut();
      return null;
    }
    if (reply.status === 200) {
      const parsed = new DOMParser().parseFromString(await reply.text(), "text/html");
      const fresh = shown.cloneNode(false);
      fresh.append(...parsed.body.childNodes);
      renew(part, shown, fresh);
      shown = fresh;
      etag = reply.headers.get("ETag");
    } else if (reply.status !== 304) {
      throw new Error(`the server answered ${reply.status}`);
    }
    live("good", "Live");
    const now = reply.headers.get("X-Now");
    told(now === null ? undefined : Number(now));
    return EVERY_MS;
  }

  document.addEventListener("visibilitychange", () => document.hidden || ask());
  whenSignedOut(() => {
    clearTimeout(due);
    live("bad", "You are logged out");
  });
  ask();
  return { soon: ask };
}

function live(kind, text) {
  const element = byId("liveness");
  if (element.textContent === text) return;
  element.className = `liveness ${kind}`;
  element.textContent = text;
}
