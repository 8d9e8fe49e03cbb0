/** When the wall clocks of a run begin, in milliseconds since 1970, for whoever reads them. */
export { WORLD_BEGAN_AT_MILLIS } from '../sim/sim-clock.ts';
