// How long a study has gone on, and how long it may still take at the rate at which its trials ended lately.
import { get } from "./api.js";
import { ended } from "./study_head.js";

const LATELY = 40;

/** In seconds: `{used, left}`, and how long `each` trial takes (the median); null while nobody can know. */
export async function pace(base, study) {
  const { rows } = await get(`${base}/table?order_by=-finished_at&limit=${LATELY}`);
  const ends = rows.map(({ finished_at }) => finished_at).filter((time) => time !== null).map((time) => Date.parse(time) / 1000);
  const opened = Date.parse(study.created_at) / 1000;
  // The browser's clock may be behind the server's.
  const now = Math.max(Date.now() / 1000, ends[0] ?? opened);
  const each = median(rows.filter(({ state }) => state === "completed").map(({ seconds }) => seconds));
  if (!["running", "paused"].includes(study.state)) return { used: ends.length ? ends[0] - opened : null, left: null, each };
  return { used: now - opened, left: left(study, ends, opened, now), each };
}

function left({ progress, spec }, ends, opened, now) {
  const still = progress.budget - ended(progress);
  const untilBudget = spec.budget?.seconds ? Math.max(0, opened + spec.budget.seconds - now) : Infinity;
  const span = ends.length > 1 ? now - ends.at(-1) : 0;
  const byRate = span > 0 ? (still * span) / (ends.length - 1) : Infinity;
  const least = Math.min(byRate, untilBudget);
  return Number.isFinite(least) ? least : null;
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
