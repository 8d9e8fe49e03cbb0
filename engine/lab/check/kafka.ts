/**
 * Invariants of a Kafka cluster, checked from outside after each event: this observer sees every
 * replica's log, what goes over the wire, and what every client was told.
 *
 * Invariants: K1 to K15, K17, K18, K20, K21. Each answers null, or a sentence that says what is
 * wrong. What is within the promise and what is beyond it the checkers tell themselves
 * (`kafka/promise.ts`).
 * Not here: verdicts on the client's history (`delivery.ts`), the world's own (`world.ts`).
 */
import type { Producer } from '../../kafka/client/producer/producer.ts';
import type { InvariantScope, Lab } from '../experiment.ts';
import type { KafkaCluster } from '../kafka.ts';
import { judgeDelivery } from './delivery.ts';
import { KafkaWatch } from './kafka/kafka-watch.ts';
import type { Beyond } from './kafka/promise.ts';

/** In the order in which the first one that is broken is told. */
const scopes: readonly (readonly [string, InvariantScope])[] = [
  ['K15', 'always'],
  ['K14', 'always'],
  ['K1', 'always'],
  ['K5', 'always'],
  ['K6', 'always'],
  ['K10', 'always'],
  ['K12', 'always'],
  ['K17', 'always'],
  ['K18', 'always'],
  ['K20', 'always'],
  ['K2', 'promise'],
  ['K4', 'promise'],
  ['K11', 'promise'],
  ['K13', 'promise'],
  ['K9', 'promise'],
  ['K8', 'promise'],
  ['K7', 'promise'],
  ['K3', 'promise'],
];

const watches = new WeakMap<Lab, KafkaWatch>();

/** Registers the invariants of a cluster with the lab. */
export function watchKafka(lab: Lab, cluster: KafkaCluster): void {
  const watch = new KafkaWatch(lab, cluster);
  watches.set(lab, watch);
  for (const [id, scope] of scopes) lab.invariant(id, scope, (host) => watch.finding(id, host));
  let judged = false;
  lab.invariant('K21', 'always', () => {
    if (judged || lab.history.final === null) return null;
    judged = true;
    return outOfOrder(lab);
  });
}

/**
 * Where a run (by its lab) asked for more than its configuration promises to survive, and what came
 * of it. It is no violation; a search counts it apart. Filled only while invariants are checked.
 */
export function beyondThePromise(lab: Lab): readonly Beyond[] {
  return watches.get(lab)?.beyond ?? [];
}

/** K21: what an idempotent producer sent is in the log in the order of its sending. */
function outOfOrder({ history, host }: Lab): string | null {
  const producerOf = new Map(history.sent.map((sent) => [sent.id, sent.producer]));
  for (const id of judgeDelivery(history).reordered) {
    const name = producerOf.get(id)!;
    const producer = host(name).process as Producer | null;
    if (producer === null || producer.inspect().state === 'NOT_IDEMPOTENT') continue;
    // With a new epoch it has given up what it had promised of the batches under way.
    if (producer.inspect().epoch > 0) continue;
    return `${id} of ${name} stands behind a record that was sent after it`;
  }
  return null;
}
