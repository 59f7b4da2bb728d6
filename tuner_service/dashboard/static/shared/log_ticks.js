// Round numbers to stand beside a logarithmic axis.
import { number } from "./format.js";

const MOST = 7;

/** Of the values between two others above 0: powers of ten where there are some, else 1, 2 and 5 of each; not too many. */
export function logTicks(min, max, most = MOST) {
  const powers = [];
  for (let power = Math.floor(Math.log10(min)); 10 ** power <= max; power += 1) powers.push(power);
  const within = (digits) => powers.flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)))
    .filter((value) => value >= min * 0.999 && value <= max * 1.001);
  const [coarse, fine] = [within([1]), within([1, 2, 5])];
  const values = fine.length > most && coarse.length > 2 ? coarse : fine;
  const every = Math.ceil(values.length / most);
  return values.filter((_, index) => index % every === 0);
}

/** The same for an axis of plotly.js. */
export function logAxis(min, max, most = MOST) {
  const tickvals = logTicks(min, max, most);
  return { type: "log", tickmode: "array", tickvals, ticktext: tickvals.map(number), tickangle: 0 };
}
