/**
 * What a run of RabbitMQ's swarm must have kept at its end, as its configuration promises
 * (`rabbitmq-promise.ts`): everything came to rest, and nothing that was confirmed is lost but for
 * a reason that the configuration names; without faults nothing is processed twice.
 *
 * Not here: invariants that hold after each event (`lab/check/rabbitmq.ts`).
 */
import { judgeQueues } from '../check/queue-delivery.ts';
import type { Run } from '../run.ts';
import type { Finding } from './plan.ts';
import type { RabbitSwarmKnobs } from './rabbitmq-knobs.ts';
import { rabbitPromise } from './rabbitmq-promise.ts';

/** The steps in which the node comes to rest or is read: each must end before its limit. */
const MUST_REACH = ['start', 'declare', 'create', 'mend', 'operator', 'heal', 'read-back'];

/** Null if all is kept; otherwise what is not. Only of a run that did not fail. */
export function judgeRabbit(run: Run): Finding | null {
  const at = { event: run.world.event, host: 'world' };
  const late = run.steps.find((step) => MUST_REACH.includes(step.id) && !step.reached);
  if (late !== undefined) {
    const what = `step '${late.id}' did not end in time`;
    return { invariant: 'convergence', ...at, event: late.to, what };
  }
  const verdict = judgeQueues(run.history);
  const promise = rabbitPromise(run.knobs as RabbitSwarmKnobs, run.inputs);
  const forbidden: [string, readonly string[], string][] = [];
  if (promise.keepsConfirmed) forbidden.push(['lost', verdict.lost, promise.because]);
  // Who died in two queues may meet in a third. What a stream was read of is still there.
  const isAlone = run.knobs['dead-letter'] === 'none' && run.knobs['no-ack'] === false;
  // What is processed and waits for its acknowledgement is delivered again when its channel closes.
  const isOne = isAlone && run.knobs['ack.every'] === 1;
  if (run.inputs.length === 0 && isOne && run.knobs['queue.type'] !== 'stream') {
    forbidden.push(['duplicated', verdict.duplicated, 'nothing went wrong']);
  }
  for (const [invariant, ids, because] of forbidden) {
    if (ids.length === 0) continue;
    return { invariant, ...at, what: `${invariant}: ${ids.join(', ')}; yet ${because}` };
  }
  return null;
}
