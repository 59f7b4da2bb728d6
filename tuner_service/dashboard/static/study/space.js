// The names of a study's parameters.

const named = (study, which) => study.space.parameters.filter(which).map(({ name }) => name);

/** Those that are searched: a fixed one makes no difference. */
export const searched = (study) => named(study, ({ type }) => type !== "fixed");

/** Those that only some trials have. */
export const conditional = (study) => named(study, ({ when }) => when?.length > 0);
