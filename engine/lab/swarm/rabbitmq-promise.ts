/**
 * What RabbitMQ promises of a seed's configuration under its faults: whether a message that was
 * confirmed may be lost, and why.
 *
 * - Nothing is promised of what leaves a queue for a reason that the configuration names: expiry,
 *   length, a delivery limit, a rejection, automatic acknowledgement, no queue to go to.
 * - A quorum queue has what it confirmed on a majority's disks, synced: no fault of ours takes it.
 * - A classic queue has persistent messages of a durable queue on its node's disk. Since 3.13 that
 *   means in the page cache, which a power loss takes (pull request 8507 of rabbitmq-server). Until
 *   3.11 a queue whose node is down is as if there were none: what is then not mandatory is
 *   confirmed and dropped (`rabbit_amqqueue:on_node_down`).
 * - Mirrors keep what they have while one that has all is up: with at most one node in trouble and
 *   none cut off. A partition discards what one side confirmed (docs/partitions).
 * - A stream is in the page caches of a majority, and nothing is synced: no power loss.
 * Not here: what a run did (`rabbitmq-verdict.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { profileNames, profileOf, type Profile } from '../../rabbitmq/profiles.ts';
import type { Fault } from '../../sim/faults.ts';
import type { Plan } from './plan.ts';
import { rabbitNodes, type RabbitSwarmKnobs } from './rabbitmq-knobs.ts';

/** In which release, and for which faults, what was confirmed is kept. */
export interface RabbitPromise {
  readonly keepsConfirmed: boolean;
  readonly because: string;
}

const ENDS: ReadonlySet<string> = new Set(['crash', 'power', 'stop', 'disk-full']);

const kept = (because: string): RabbitPromise => ({ keepsConfirmed: true, because });
const free = (because: string): RabbitPromise => ({ keepsConfirmed: false, because });

/** What is promised of a seed's knobs and faults. */
export function rabbitPromise(knobs: RabbitSwarmKnobs, inputs: Plan['inputs']): RabbitPromise {
  const leaves = leavesFor(knobs);
  if (leaves !== null) return free(leaves);
  const nodes = rabbitNodes(knobs.nodes);
  const faults = inputs.map(({ fault }) => fault).filter((fault) => strikes(fault, nodes));
  assert(nodes.length >= 1, 'a cluster has a node', { nodes: nodes.length });
  switch (knobs['queue.type']) {
    case 'quorum':
      return kept('a quorum queue has it on the disks of a majority');
    case 'stream':
      if (named('power', faults)) return free('a stream is not synced');
      return kept('a stream has it in the logs of a majority');
    case 'mirrored':
      return ofMirrors(knobs, faults, nodes);
    case 'classic':
      return ofClassic(knobs, faults);
  }
}

/** Why a queue may let go of what it confirmed, or null. */
function leavesFor(knobs: RabbitSwarmKnobs): string | null {
  const numbers = ['message-ttl', 'expiration', 'max-length', 'rejects', 'delivery-limit'] as const;
  const number = numbers.find((name) => knobs[name] > 0);
  if (number !== undefined) return `${number} takes messages away`;
  const flag = (['no-ack', 'unroutable'] as const).find((name) => knobs[name]);
  return flag === undefined ? null : `${flag} takes messages away`;
}

const named = (name: string, faults: readonly Fault[]): boolean =>
  faults.some(({ fault }) => fault === name);

/** Whether a fault is at a node, or between two. */
function strikes(fault: Fault, nodes: readonly string[]): boolean {
  if (fault.fault === 'partition') return fault.groups.flat().some((one) => nodes.includes(one));
  if ('host' in fault) return nodes.includes(fault.host);
  return 'from' in fault && (nodes.includes(fault.from) || nodes.includes(fault.to));
}

/** Whether a fault can make one node take another one for down, which it is not. */
function parts(fault: Fault, nodes: readonly string[]): boolean {
  if ('host' in fault) return ['isolate', 'pause'].includes(fault.fault);
  if (fault.fault === 'partition') return true;
  const isBetween = 'from' in fault && nodes.includes(fault.from) && nodes.includes(fault.to);
  return isBetween;
}

function ofClassic(knobs: RabbitSwarmKnobs, faults: readonly Fault[]): RabbitPromise {
  const { switches } = profileIn(knobs);
  const nodes = rabbitNodes(knobs.nodes);
  const isParted = nodes.length > 1 && faults.some((fault) => parts(fault, nodes));
  // Who is on the losing side of a partition restarts, or is restarted.
  const mayEnd = isParted || faults.some(({ fault }) => ENDS.has(fault));
  if (!mayEnd) return kept('no node ends');
  if (!knobs.durable) return free('a queue that is not durable ends with its node');
  if (!knobs.persistent) return free('what is not persistent ends with its node');
  if (named('power', faults) && !switches.messageStoreSyncs) {
    return free('since 3.13 nothing is synced before a confirm');
  }
  const isSkipped = nodes.length > 1 && !switches.durableQueueStays && !knobs.mandatory;
  if (isSkipped) return free('until 3.11 a queue that is down is not routed to');
  return kept('a durable classic queue has it on its disk');
}

function ofMirrors(
  knobs: RabbitSwarmKnobs,
  faults: readonly Fault[],
  nodes: readonly string[],
): RabbitPromise {
  if (faults.some((fault) => parts(fault, nodes))) return free('a partition discards a side');
  const hosts = faults.flatMap((fault) => {
    return 'host' in fault && ENDS.has(fault.fault) ? [fault.host] : [];
  });
  if (new Set(hosts).size > 1) return free('a mirror that lacks some may be what is left');
  if (hosts.length === 0) return kept('no node ends');
  return nodes.length === 1 ? ofClassic(knobs, faults) : kept('a mirror that has all is left');
}

/** The release as it was: a behaviour that is turned is to be found by what it breaks. */
function profileIn({ profile }: RabbitSwarmKnobs): Profile {
  const name = profileNames.find((one) => one === profile);
  assert(name !== undefined, 'a release', { profile });
  return profileOf(name);
}
