// The REST API, as the browser's session. Errors are the API's own problems (RFC 9457).
import { isSignedOut, signedOut } from "./session.js";

export class Problem extends Error {
  /** `errors`: `{loc, msg}` for each thing that is wrong with a request. */
  constructor(status, body) {
    super(body.detail ?? `the server answered ${status}`);
    this.status = status;
    this.code = body.code;
    this.errors = body.errors ?? [];
  }
}

/** The Problem of an answer that is none; who is logged out hears it in plain words, and so does the whole page. */
export function refusal(status, body) {
  if (status !== 401) return new Problem(status, body);
  signedOut();
  return new Problem(401, { ...body, detail: "you are logged out" });
}

export async function send(method, url, body = undefined, headers = {}) {
  const json = body === undefined ? {} : { "Content-Type": "application/json" };
  let reply;
  try {
    reply = await fetch(url, {
      method,
      headers: { Accept: "application/json", ...json, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Problem(0, { detail: "the server does not answer", code: "unreachable" });
  }
  const isJson = (reply.headers.get("Content-Type") ?? "").includes("json");
  const content = isJson ? await reply.json() : null;
  if (!reply.ok) throw refusal(reply.status, content ?? {});
  return content;
}

const reading = new Set();
let deleted = null; // settled once it is known that what the page shows is still there

/** Read; nothing is asked for once nobody is logged in. */
export async function get(url) {
  await deleted;
  if (isSignedOut()) throw refusal(401, {});
  const answer = send("GET", url);
  reading.add(answer);
  return answer.finally(() => reading.delete(answer));
}

/**
 * Delete what this page shows, which is left then. What the page reads meanwhile would be answered that there is no such
 * thing: what is under way ends before, and the rest waits, for ever unless this fails.
 */
export async function deletePage(url) {
  let fails;
  deleted = new Promise((resolve) => (fails = resolve));
  await Promise.allSettled(reading);
  try {
    return await send("DELETE", url);
  } catch (error) {
    fails();
    throw error;
  }
}
