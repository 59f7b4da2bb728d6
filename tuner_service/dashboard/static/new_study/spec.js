// A study's request as data and as text: JSON, and the `curl` and the Python that send exactly the same.

const WIDTH = 44;

const isMap = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** Whether two values are the same JSON, whatever the order of their keys. */
export function same(left, right) {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => same(item, right[index]));
  }
  if (!isMap(left) || !isMap(right)) return left === right;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => key in right && same(left[key], right[key]));
}

/** Put a value where `loc` says, making what is on the way; undefined takes it out. */
export function put(body, loc, value) {
  const last = loc.at(-1);
  let place = body;
  for (const key of loc.slice(0, -1)) place = isMap(place[key]) ? place[key] : (place[key] = {});
  if (value === undefined) delete place[last];
  else place[last] = value;
}

/** What is in `loc` of a body; undefined where it does not reach. */
export const pick = (body, loc) => loc.reduce((place, key) => place?.[key], body);

/** Only what differs from the usual, in the order of that. */
export function lean(body, usual) {
  const left = {};
  for (const key of new Set([...Object.keys(usual), ...Object.keys(body)])) {
    const value = body[key];
    if (value === undefined || same(value, usual[key])) continue;
    const bothMaps = isMap(value) && isMap(usual[key]);
    const differing = bothMaps ? lean(value, usual[key]) : value;
    if (!bothMaps || Object.keys(differing).length > 0) left[key] = differing;
  }
  return left;
}

function parts(value, write) {
  if (Array.isArray(value)) return value.map((item) => write(item, ""));
  return Object.entries(value).map(([key, item]) => {
    const before = `${JSON.stringify(key)}: `;
    return before + write(item, before);
  });
}

function inline(value, literal) {
  if (value === null || typeof value !== "object") return literal(value);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return open + parts(value, (item) => inline(item, literal)).join(", ") + close;
}

const CONSTANTS = new Map([[true, "True"], [false, "False"], [null, "None"]]);
const JSON_TEXT = { step: "  ", literal: (value) => JSON.stringify(value) };
const PYTHON_TEXT = { step: "    ", literal: (value) => CONSTANTS.get(value) ?? JSON.stringify(value) };

/** Indented text, short things on one line; `taken` is how much of the line there is before it. */
function pretty(value, language, indent = "", taken = WIDTH) {
  const line = inline(value, language.literal);
  if (value === null || typeof value !== "object" || taken + line.length <= WIDTH) return line;
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const deeper = indent + language.step;
  const write = (item, before) => pretty(item, language, deeper, deeper.length + before.length);
  return `${open}\n${parts(value, write).map((part) => deeper + part).join(",\n")}\n${indent}${close}`;
}

export const asJson = (request) => pretty(request, JSON_TEXT);

export function asCurl(request, origin) {
  return [
    `curl -sS "${origin}/v1/studies" \\`,
    '  -H "Authorization: Bearer $TUNER_TOKEN" \\',
    "  -H 'Content-Type: application/json' \\",
    "  --data-binary @- <<'STUDY'",
    asJson(request),
    "STUDY",
  ].join("\n");
}

export function asPython(request, origin) {
  return [
    "from tuner_service.client import Client",
    "",
    "# token: TUNER_TOKEN, or this machine's own",
    `with Client(${JSON.stringify(origin)}) as client:`,
    `    study = client.create_study(${pretty(request, PYTHON_TEXT, "    ")})`,
    "    print(study.name)",
  ].join("\n");
}
