// The REST API, as the browser's session. Errors are the API's own problems (RFC 9457).

export class Problem extends Error {
  /** `errors`: `{loc, msg}` for each thing that is wrong with a request. */
  constructor(status, body) {
    super(body.detail ?? `the server answered ${status}`);
    this.status = status;
    this.code = body.code;
    this.errors = body.errors ?? [];
  }
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
  if (!reply.ok) throw new Problem(reply.status, content ?? {});
  return content;
}

export const get = (url) => send("GET", url);
