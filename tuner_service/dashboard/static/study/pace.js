// How long a study has gone on and will still take: by the server's clock, as the list of studies says it.
import { get } from "../shared/api.js";

/** In seconds: `{used, each, left}`; null while nobody can know. */
export const pace = (base) => get(`${base}/charts/pace`);
