// Parameters in the order in which people read them.

/** `{parameter, depth}`: each directly below its (first) parent, and one deeper. */
export function nested(parameters, parent = null, depth = 0) {
  return parameters
    .filter((parameter) => (parameter.when?.[0]?.parameter ?? null) === parent)
    .flatMap((parameter) => [{ parameter, depth }, ...nested(parameters, parameter.name, depth + 1)]);
}
