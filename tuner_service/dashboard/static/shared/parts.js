// Parts of a page that the server renders (`data-part`): asked for again with the page, and renewed where they differ.
import { Problem, refusal } from "./api.js";
import { isSignedOut } from "./session.js";
import { renew } from "./renew.js";
import { localTimes } from "./times.js";

const rendered = new Map();

for (const part of document.querySelectorAll("[data-part]")) {
  rendered.set(part.id, part.cloneNode(true)); // as the server sent it, before scripts change it
  localTimes(part);
}

/** Ask for the page again, and renew its parts. Says which of them changed. Throws a Problem. */
export async function refreshed() {
  const page = new DOMParser().parseFromString(await asked(), "text/html");
  const changed = [];
  for (const part of document.querySelectorAll("[data-part]")) {
    const [before, fresh] = [rendered.get(part.id), page.getElementById(part.id)];
    if (fresh === null || fresh.isEqualNode(before)) continue;
    renew(part, before, fresh);
    rendered.set(part.id, fresh);
    localTimes(part);
    changed.push(part.id);
  }
  return changed;
}

async function asked() {
  if (isSignedOut()) throw refusal(401, {});
  let reply;
  try {
    reply = await fetch(location.href, { headers: { Accept: "text/html" } });
  } catch {
    throw new Problem(0, { detail: "the server does not answer", code: "unreachable" });
  }
  if (reply.ok) return reply.text();
  throw refusal(reply.status, reply.status === 404 ? { detail: "this is not there any more" } : {});
}
