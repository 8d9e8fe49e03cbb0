/**
 * Adds what must hold of groups (K30 to K33) to a run with a Kafka cluster, once for all groups.
 *
 * Not here: what is judged (`group-checks.ts`), what members believe (`ownership-check.ts`).
 */
import type { Lab } from '../../experiment.ts';
import type { KafkaCluster } from '../../kafka.ts';
import { beyondThePromise } from '../kafka.ts';
import { GroupChecks, type GroupInvariant } from './group-checks.ts';

/** In the order in which the first one that is broken is told. */
const INVARIANTS: readonly (readonly [GroupInvariant, 'always' | 'promise'])[] = [
  ['K30', 'always'],
  ['K31', 'always'],
  ['K32', 'always'],
  ['K33', 'promise'],
];

const watched = new WeakSet<Lab>();

/** Registers the invariants of groups with the lab; the second time nothing happens. */
export function watchGroups(lab: Lab, cluster: KafkaCluster): void {
  if (watched.has(lab) || lab.standIns !== undefined) return;
  watched.add(lab);
  const checks = new GroupChecks();
  let isWatching = false;
  const watch = (): void => {
    isWatching = true;
    const { network } = lab.host(cluster.brokerName(cluster.nodeIds[0]!)).world;
    // The cluster's own watch is there already, for it was registered before.
    const before = network.watcher;
    network.watcher = (endpoint, message) => {
      before?.(endpoint, message);
      checks.sent(endpoint, message);
    };
  };
  for (const [id, scope] of INVARIANTS) {
    lab.invariant(id, scope, () => {
      if (!isWatching) watch();
      const found = checks.take(id);
      // What a loss beyond the promise has cost is not the coordinator's doing.
      return scope === 'promise' && beyondThePromise(lab).length > 0 ? null : found;
    });
  }
}
