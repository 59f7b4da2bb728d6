// The axes of parallel coordinates: where a value stands, from 0 (bottom) to 1 (top), and what stands at a place.
import { number, value as inWords } from "../shared/format.js";
import { logTicks } from "../shared/log_ticks.js";

/** Out of a dimension `{key, name, type, log, min, max, choices}`: numbers between min and max, or categories. */
export function axisOf(dimension) {
  const categories = dimension.type === "bool" ? [false, true] : dimension.choices;
  return categories?.length ? categoryAxis(dimension, categories) : numberAxis(dimension);
}

function categoryAxis({ key, name }, categories) {
  const place = (index) => (categories.length === 1 ? 0.5 : index / (categories.length - 1));
  return {
    key, name, categories,
    place: (value) => {
      const index = categories.indexOf(value);
      return index < 0 ? null : place(index);
    },
    ticks: categories.map((category, index) => ({ text: inWords(category), place: place(index) })),
    /** What a brush between two places keeps. */
    between: (low, high) => ({
      categories: categories.filter((_, index) => place(index) >= low && place(index) <= high),
    }),
    keeps: (kept, value) => kept.categories.includes(value),
    span: (kept) => {
      const places = kept.categories.map((category) => place(categories.indexOf(category)));
      return [Math.min(...places) - 0.03, Math.max(...places) + 0.03];
    },
  };
}

function numberAxis({ key, name, log, min, max, type }) {
  const bend = log ? Math.log10 : (value) => value;
  const unbend = log ? (value) => 10 ** value : (value) => value;
  const [low, high] = [bend(min), bend(max)];
  const place = (value) => {
    if (value === null) return null;
    return high === low ? 0.5 : (bend(value) - low) / (high - low);
  };
  const at = (share) => {
    const exact = unbend(low + share * (high - low));
    return type === "int" ? exact : Number(exact.toPrecision(4));
  };
  return {
    key, name, categories: null, min, max, whole: type === "int",
    place,
    ticks: ticksBetween(min, max, log).map((value) => ({ text: number(value), place: place(value) })),
    between: (bottom, top) => ({
      min: bottom <= 0 ? null : type === "int" ? Math.ceil(at(bottom)) : at(bottom),
      max: top >= 1 ? null : type === "int" ? Math.floor(at(top)) : at(top),
    }),
    keeps: (kept, value) =>
      value !== null && (kept.min === null || value >= kept.min) && (kept.max === null || value <= kept.max),
    span: (kept) => [
      kept.min === null ? 0 : Math.max(0, place(Math.max(kept.min, log ? Number.MIN_VALUE : -Infinity))),
      kept.max === null ? 1 : Math.min(1, place(Math.max(kept.max, log ? Number.MIN_VALUE : -Infinity))),
    ],
  };
}

function ticksBetween(min, max, log) {
  if (min === max) return [min];
  const inner = log ? logTicks(min, max) : steps(min, max);
  // The ends always; of the others those that do not stand in their way.
  const near = (a, b) => (log ? Math.abs(Math.log(a / b)) / Math.log(max / min) : Math.abs(a - b) / (max - min)) < 0.09;
  return [min, ...inner.filter((tick) => !near(tick, min) && !near(tick, max)), max];
}

function steps(min, max) {
  const raw = (max - min) / 4;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * unit >= raw) * unit;
  const found = [];
  for (let tick = Math.ceil(min / step) * step; tick <= max; tick += step) found.push(Number(tick.toPrecision(12)));
  return found;
}
