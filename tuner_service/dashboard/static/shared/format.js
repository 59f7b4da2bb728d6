// Numbers as a person would write them; dashboard/formatting.py does the same on the server.
const NONE = "—";
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Four significant digits; powers of ten only where zeros would have to be counted. */
export function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return NONE;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return value.toLocaleString("en");
  if (size < 1e-4 || size >= 1e6) {
    const [mantissa, exponent] = value.toExponential(3).split("e");
    return `${Number(mantissa)}e${Number(exponent)}`;
  }
  return size < 10_000 ? String(Number(value.toPrecision(4))) : Math.round(value).toLocaleString("en");
}

/** A number as a person would type it: all its digits, and 1e-6 rather than zeros to be counted. */
export const typed = (number) =>
  (typeof number === "number" && number !== 0 && Math.abs(number) < 1e-4 ? number.toExponential() : String(number ?? ""));

/** A parameter's value, of any type. */
export function value(it) {
  if (typeof it === "boolean") return it ? "yes" : "no";
  return typeof it === "string" ? it : number(it);
}

/** A size in bytes, in binary units. */
export function bytes(size) {
  if (size === null || size === undefined) return NONE;
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) [size, unit] = [size / 1024, unit + 1];
  return `${size < 1000 ? Number(size.toPrecision(3)) : Math.round(size)} ${UNITS[unit]}`;
}

/** Its two largest units: `1 h 5 min`, `42 s`. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return NONE;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const parts = [[86_400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = whole >= 172_800 ? 0 : whole >= 3600 ? 1 : 2;
  const [large, small] = [parts[first], parts[first + 1]];
  const rest = Math.floor((whole % large[0]) / small[0]);
  return `${Math.floor(whole / large[0])} ${large[1]}${rest ? ` ${rest} ${small[1]}` : ""}`;
}

/** How long ago a time (RFC 3339) was. */
export function ago(time, now = Date.now()) {
  const seconds = (now - Date.parse(time)) / 1000;
  return seconds < 2 ? "just now" : `${duration(Math.floor(seconds)).split(" ").slice(0, 2).join(" ")} ago`;
}
