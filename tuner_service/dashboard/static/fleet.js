// The fleet, live.
import { poll } from "./poll.js";
import { tick } from "./ticking.js";

poll(() => "/parts/fleet", tick);
tick();
