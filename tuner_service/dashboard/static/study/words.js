// Words that several parts of a study's page say.
import { number } from "../shared/format.js";

/** `1 trial`, `2 trials`. */
export const count = (many, thing) => `${number(many)} ${thing}${many === 1 ? "" : "s"}`;

/** What to say of a chart that does not show every trial. */
export const thinned = ({ shown, total }) =>
  shown < total ? `${number(shown)} of ${number(total)} trials are drawn, the best and the extremes among them.` : "";

export const aim = ({ direction }) => (direction === "maximize" ? "higher is better" : "lower is better");

const LONGEST = 26;

/** A name cut where it would take a chart's room. */
export const short = (name, longest = LONGEST) => (name.length > longest ? `${name.slice(0, longest - 1)}…` : name);

/** What the server says in a few words, as a sentence; a name such as `val_loss` stays as it is. */
export function sentence(words) {
  const begun = /^\p{L}+( |$)/u.test(words) ? `${words.charAt(0).toUpperCase()}${words.slice(1)}` : words;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
