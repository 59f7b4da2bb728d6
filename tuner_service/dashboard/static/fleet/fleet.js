// The fleet, live.
import { poll } from "../shared/poll.js";
import { tick } from "../shared/ticking.js";

poll(() => "/parts/fleet", tick);
tick();
