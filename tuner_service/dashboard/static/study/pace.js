// How long a study has gone on and will still take: by the server's clock, as the list of studies says it.
import { get } from "../shared/api.js";

/** In seconds: `{used, each, left}`, null while nobody can know; `at`: when they were so, by `performance.now()`. */
export async function pace(base) {
  const found = await get(`${base}/charts/pace`);
  return { ...found, at: performance.now() };
}

/** What it has become since; only a study that goes on grows older. */
export function aged({ used, each, left, at }, goesOn) {
  const passed = goesOn ? (performance.now() - at) / 1000 : 0;
  return { used: used + passed, each, left: left === null ? null : rounded(Math.max(0, left - passed)) };
}

const STEPS = [[86_400, 3600], [3600, 60], [600, 60], [60, 10], [0, 1]];

/** Two digits at most, as the server has it: it is not known better. */
function rounded(seconds) {
  const [, step] = STEPS.find(([unit]) => seconds >= unit);
  return Math.round(seconds / step) * step;
}
