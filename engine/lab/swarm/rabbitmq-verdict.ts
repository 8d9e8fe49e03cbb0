/**
 * What a run of RabbitMQ's swarm must have kept at its end, as its configuration promises:
 * everything came to rest, and nothing that was confirmed is lost but for a reason that the
 * configuration names; without faults nothing is processed twice.
 *
 * Not here: invariants that hold after each event (`lab/check/rabbitmq.ts`).
 */
import { profileNames, profileOf } from '../../rabbitmq/profiles.ts';
import { judgeQueues } from '../check/queue-delivery.ts';
import type { Run } from '../run.ts';
import type { Finding } from './plan.ts';

/** The steps in which the node comes to rest or is read: each must end before its limit. */
const MUST_REACH = ['start', 'create', 'heal', 'read-back'];
const NODE = 'rabbit-1';

/** Null if all is kept; otherwise what is not. Only of a run that did not fail. */
export function judgeRabbit(run: Run): Finding | null {
  const at = { event: run.world.event, host: 'world' };
  const late = run.steps.find((step) => MUST_REACH.includes(step.id) && !step.reached);
  if (late !== undefined) {
    const what = `step '${late.id}' did not end in time`;
    return { invariant: 'convergence', ...at, event: late.to, what };
  }
  const verdict = judgeQueues(run.history);
  const forbidden: [string, readonly string[]][] = [];
  if (keepsEverything(run)) forbidden.push(['lost', verdict.lost]);
  // Who died in two queues may meet in a third.
  const isOne = run.knobs['dead-letter'] === 'none' && run.knobs['no-ack'] === false;
  if (run.inputs.length === 0 && isOne) {
    forbidden.push(['duplicated', verdict.duplicated]);
  }
  for (const [invariant, ids] of forbidden) {
    if (ids.length > 0) return { invariant, ...at, what: `${invariant}: ${ids.join(', ')}` };
  }
  return null;
}

/**
 * Whether what was confirmed may not be lost: nothing expires, is dropped, rejected or forgotten
 * with its delivery, and a node that ended has it. A message that is not persistent ends with its
 * node; a persistent one is on its disk, which since 3.13 means in the page cache: a power loss may
 * take it (pull request 8507 of rabbitmq-server).
 */
function keepsEverything({ knobs, inputs }: Run): boolean {
  const leaves = ['message-ttl', 'expiration', 'max-length', 'rejects'];
  if (leaves.some((name) => Number(knobs[name]) > 0)) return false;
  if (knobs['no-ack'] === true || knobs['unroutable'] === true) return false;
  const ends = inputs.flatMap(({ fault }) => {
    return 'host' in fault && fault.host === NODE ? [fault.fault] : [];
  });
  if (ends.includes('power') && !syncsBeforeItConfirms(String(knobs['profile']))) return false;
  return knobs['persistent'] === true || !ends.some((fault) => ENDS.has(fault));
}

function syncsBeforeItConfirms(profile: string): boolean {
  const name = profileNames.find((one) => one === profile);
  return name !== undefined && profileOf(name).switches.messageStoreSyncs;
}

const ENDS: ReadonlySet<string> = new Set(['crash', 'power', 'stop']);
