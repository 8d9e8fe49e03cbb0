/**
 * What lessons and tests import. Products are reached through their handle (`lab/kafka.ts`), which
 * this file leaves out, so that a lesson's worker carries only the products that it uses.
 */
export { judgeDelivery } from './check/delivery.ts';
export { changed, experiment, mutant, prove, proveSince } from './experiment.ts';
export type { Lab, Measures, Mutant, Predicate, Proof, Step } from './experiment.ts';
export type { History } from './history.ts';
export { choice, integer } from './knob.ts';
