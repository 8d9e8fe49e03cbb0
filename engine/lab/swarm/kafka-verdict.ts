/**
 * What a run of the swarm must have kept at its end, as its configuration promises: everything came
 * to rest, nothing acknowledged is lost, and nothing is there twice or out of order where a
 * producer is idempotent.
 *
 * Not here: invariants that hold after each event (`lab/check/`).
 */
import type { Producer } from '../../kafka/client/producer/producer.ts';
import { judgeDelivery } from '../check/delivery.ts';
import type { History } from '../history.ts';
import type { Run } from '../run.ts';
import type { Finding } from './plan.ts';
import { KEEPER } from './topic-part.ts';

/** The steps in which the cluster comes to rest or is read: each must end before its limit. */
const MUST_REACH = ['start', 'create', 'recover', 'heal', 'read-back'];

/** Null if all is kept; otherwise what is not. Only of a run that did not fail. */
export function judgeKafka(run: Run): Finding | null {
  const at = { event: run.world.event, host: 'world' };
  const late = run.steps.find((step) => MUST_REACH.includes(step.id) && !step.reached);
  if (late !== undefined) {
    const what = `step '${late.id}' did not end in time`;
    return { invariant: 'convergence', ...at, event: late.to, what };
  }
  const verdict = judgeDelivery(run.history);
  const forbidden: [string, readonly string[]][] = [
    ['dirty read', verdict.dirtyRead],
    ['skipped', verdict.skipped.filter((place) => place.startsWith('consumer-'))],
  ];
  if (run.knobs['acks'] === 'all') {
    forbidden.push(['lost', lasting(verdict.lost, run.history)]);
    forbidden.push(['duplicated', promisedOnce(verdict.duplicated, run)]);
  }
  for (const [invariant, ids] of forbidden) {
    if (ids.length > 0) return { invariant, ...at, what: `${invariant}: ${ids.join(', ')}` };
  }
  return null;
}

/** Of these records those of topics that are neither compacted nor deleted. */
export function lasting(ids: readonly string[], history: History): readonly string[] {
  const passing = new Set(history.sent.flatMap((one) => (one.producer === KEEPER ? one.id : [])));
  return ids.filter((id) => !passing.has(id));
}

/**
 * Of these records those that may not be there twice. An idempotent producer keeps its promise
 * until it begins a new epoch, in Kafka as here: after a batch was given up (delivery.timeout.ms),
 * or after OUT_OF_ORDER_SEQUENCE_NUMBER, it sends what was under way again with new numbers. The
 * latter needs no bug: a producer's snapshot holds its last batch and not five, so that who has
 * read it takes a retry of the batch before for a gap; and a partition takes any first number of a
 * producer that it does not know.
 * Source: `TransactionManager.handleFailedBatch`, `ProducerStateManager.writeSnapshot`,
 * `ProducerAppendInfo.checkSequence`.
 */
function promisedOnce(ids: readonly string[], run: Run): readonly string[] {
  const { sent } = run.history;
  const faithful = sent.filter(({ producer }) => isFaithful(producer, run));
  const ofFaithful = new Set(faithful.map(({ id }) => id));
  return ids.filter((id) => ofFaithful.has(id));
}

/** Whether it is idempotent, alive since the beginning, and in its first epoch. */
function isFaithful(producer: string, { world, knobs }: Run): boolean {
  const host = world.hostNamed(producer);
  if (knobs['enable.idempotence'] !== true || host?.incarnation !== 1) return false;
  const view = (host.process as Producer | null)?.inspect();
  return view !== undefined && view.state !== 'NOT_IDEMPOTENT' && view.epoch <= 0;
}
