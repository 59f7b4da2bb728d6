// What is searched, in the server's words: asked for again once it says something else.
import { byId } from "../shared/dom.js";
import { refreshed } from "../shared/parts.js";

/** A study's budget may be extended, and its default model is built by its first worker. */
export function showFacts({ progress, preflight }) {
  const { budget, built } = byId("facts").dataset;
  const current = Number(budget) === progress.budget && (built !== undefined || !preflight);
  if (!current) refreshed().catch(() => {}); // the study's next news ask again
}
