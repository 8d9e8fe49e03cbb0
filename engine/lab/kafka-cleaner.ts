/**
 * The lab's handle on compaction: `compaction` goes into a cluster's `modules`, `watchCompaction`
 * adds what must hold of it (K16) and its sentences to a run. A lesson that compacts nothing does
 * not carry them.
 */
import { Broker } from '../kafka/broker.ts';
import type { BrokerModuleFactory } from '../kafka/broker/broker-module.ts';
import { cleanerNarration } from '../kafka/cleaner/log-cleaner-trace.ts';
import { logCleaner } from '../kafka/cleaner/log-cleaner.ts';
import { CompactionChecks } from './check/kafka/compaction-checks.ts';
import type { Lab } from './experiment.ts';

/** A cleaner on every broker. */
export const compaction: readonly BrokerModuleFactory[] = [logCleaner];

export function watchCompaction(lab: Lab): void {
  lab.narrateWith(cleanerNarration);
  const checks = new CompactionChecks();
  lab.invariant('K16', 'always', (name) => {
    if (name === null) return null;
    const { process, disk } = lab.host(name);
    return process instanceof Broker ? checks.defect(name, process, disk) : null;
  });
}
