/**
 * The planner for RabbitMQ: from a seed a configuration and faults.
 *
 * Streams of random numbers: configuration, faults, and (in the experiment) the workload. Two of
 * three seeds are strict: nothing in their configuration takes a confirmed message away, so that
 * what is promised of it (`rabbitmq-promise.ts`) is put to the test. Within the promise: a release
 * with its own behaviour. Beyond it: any switch turned.
 */
import { assert } from '../../kernel/assert.ts';
import type { Random } from '../../kernel/ports.ts';
import { randomStream } from '../../kernel/random.ts';
import { profileNames, profileOf, type Profile } from '../../rabbitmq/profiles.ts';
import type { Fault, FaultName } from '../../sim/faults.ts';
import { defaultConditions } from '../../sim/link.ts';
import { knobValues, textOf } from '../knob.ts';
import type { Input } from '../run.ts';
import type { DrawOptions, Plan } from './plan.ts';
import {
  rabbitConsumers,
  rabbitKnobs,
  rabbitNodes,
  rabbitPublishers,
  rabbitQuirkNames,
} from './rabbitmq-knobs.ts';
import rabbitSwarm, { chaosFrom } from './rabbitmq-swarm.ts';

type Drawn = Record<string, string | number | boolean>;
type Kind = Exclude<FaultName, 'start' | 'resume' | 'heal'>;

const kinds: readonly Kind[] = [
  ...(['crash', 'power', 'stop', 'pause', 'slow', 'isolate', 'partition', 'cut'] as const),
  ...(['clog', 'delay', 'loss', 'reset', 'clock', 'drift', 'disk-full'] as const),
];
export const rabbitFaults: readonly FaultName[] = [...kinds, 'start', 'resume', 'heal'];

const INPUTS_MAX = 30;
const CLUSTER_MESSAGES_MAX = 24;
const CLUSTER_CHAOS_MAX = 800;
/** A disk that has room again. */
const DISK_BYTES = 100_000_000_000;

/** The plan of a seed. The same arguments give the same plan. */
export function drawRabbit(seed: number, { promise, quirk }: DrawOptions): Plan {
  assert(quirk === undefined || rabbitQuirkNames.some((one) => one === quirk), 'a switch', {
    quirk,
  });
  const random = randomStream(seed, 'rabbitmq-swarm/config');
  const beyond = promise === 'beyond' && random.below(4) === 0;
  const turned = beyond ? random.pick(rabbitQuirkNames) : 'none';
  const profile = random.pick(profileNames);
  const isStrict = random.below(3) > 0;
  const isStream = randomStream(seed, 'rabbitmq-swarm/stream').below(8) === 0;
  const drawn = {
    ...{ promise, profile, quirk: quirk ?? turned },
    ...drawQueues(random, isStrict),
    ...drawClients(random, isStrict),
    ...drawCluster(random),
    ...(isStream ? { 'queue.type': 'stream' } : {}),
  };
  const knobs = differing({ ...drawn, ...permitted(drawn, profileOf(profile)) });
  const inputs = drawFaults(randomStream(seed, 'rabbitmq-swarm/faults'), rabbitShape(knobs));
  return { experiment: rabbitSwarm.id, knobs, seed, inputs };
}

/** What the planner of faults asks about a configuration. */
export function rabbitShape(set: Plan['knobs']) {
  const values = knobValues(rabbitKnobs, set);
  const from = chaosFrom(values.nodes);
  return {
    nodes: rabbitNodes(values.nodes),
    clients: [...rabbitPublishers(values.publishers), ...rabbitConsumers(values.consumers)],
    from,
    to: from + values['chaos.events'],
  };
}

type Shape = ReturnType<typeof rabbitShape>;

/** Only what is not the preset, so that a link stays short. */
function differing(drawn: Drawn): Record<string, string> {
  const texts = Object.fromEntries(
    Object.entries(drawn).map(([name, value]) => [name, String(value)]),
  );
  const values = textOf(rabbitKnobs, knobValues(rabbitKnobs, texts));
  return Object.fromEntries(
    values.filter(([name, text]) => text !== String(rabbitSwarm.knobs[name]!.preset)),
  );
}

const never = { 'message-ttl': 0, expiration: 0, 'max-length': 0, rejects: 0, 'delivery-limit': 0 };

function drawQueues(random: Random, isStrict: boolean): Drawn {
  const drawn = {
    exchange: random.pick(['direct', 'fanout', 'topic', 'headers']),
    queues: random.pick([1, 1, 2, 3]),
    durable: isStrict || random.below(5) > 0,
    persistent: isStrict || random.below(4) > 0,
    'by.policy': random.below(3) === 0,
    'message-ttl': random.pick([0, 0, 0, 20, 1000, 30_000]),
    expiration: random.pick([0, 0, 0, 10, 500]),
    'max-length': random.pick([0, 0, 0, 1, 5, 20]),
    'delivery-limit': random.pick([0, 0, 1, 4]),
    overflow: random.pick(['drop-head', 'reject-publish', 'reject-publish-dlx']),
    'max-priority': random.pick([0, 0, 0, 1, 5]),
    'single-active-consumer': random.below(4) === 0,
    'dead-letter': random.pick(['none', 'none', 'queue', 'queue', 'cycle']),
    'at.least.once': random.below(4) === 0,
  };
  return isStrict ? { ...drawn, ...never } : drawn;
}

function drawClients(random: Random, isStrict: boolean): Drawn {
  const drawn = {
    mode: random.pick(['confirm', 'confirm', 'confirm', 'tx', 'none']),
    outstanding: random.pick([1, 3, 10, 1000]),
    batches: random.below(4) === 0,
    mandatory: random.below(3) === 0,
    unroutable: random.below(4) === 0,
    publishers: random.pick([1, 1, 2, 3]),
    consumers: random.pick([0, 1, 1, 2, 3]),
    messages: random.pick([8, 24, 40, 80]),
    'chaos.events': random.pick([200, 400, 800, 1600]),
    prefetch: random.pick([0, 1, 3, 10]),
    'prefetch.global': random.below(4) === 0,
    'no-ack': random.below(5) === 0,
    'ack.every': random.pick([1, 1, 1, 3]),
    'processing.ms': random.pick([0, 0, 1, 20, 200]),
    requeues: random.pick([0, 0, 1, 4]),
    rejects: random.pick([0, 0, 0, 1, 3]),
  };
  if (!isStrict) return drawn;
  const mode = drawn.mode === 'none' ? 'confirm' : drawn.mode;
  return { ...drawn, mode, unroutable: false, 'no-ack': false, rejects: 0 };
}

function drawCluster(random: Random): Drawn {
  return {
    nodes: random.pick([1, 1, 1, 3]),
    'queue.type': random.pick(['classic', 'classic', 'mirrored', 'quorum', 'quorum']),
    'ha-mode': random.pick(['all', 'exactly']),
    'ha-sync-mode': random.pick(['manual', 'automatic']),
    'ha-promote-on-failure': random.pick(['always', 'when-synced']),
    'partition.handling': random.pick(['ignore', 'pause_minority', 'autoheal']),
    'net_ticktime.ms': random.pick([2000, 8000, 60_000]),
  };
}

/** What the release or the type of queue does not take is drawn away. */
function permitted(drawn: Drawn, { switches }: Profile): Drawn {
  const type = permittedType(drawn, switches.mirroredQueues);
  const isQuorum = type === 'quorum';
  const isStream = type === 'stream';
  const isClassic = !isQuorum && !isStream;
  const hasTtl = isClassic || (isQuorum && switches.quorumMessageTtl);
  const isSafe =
    isQuorum && switches.deadLetterStrategies && drawn['at.least.once'] === true && !isStream;
  const overflow = isQuorum && drawn['overflow'] === 'reject-publish-dlx';
  return {
    ...(Number(drawn['nodes']) > 1 ? ofCluster(drawn) : {}),
    'queue.type': type,
    durable: !isClassic || !switches.transientNonExclusiveQueues || drawn['durable'] === true,
    'message-ttl': hasTtl ? drawn['message-ttl']! : 0,
    expiration: hasTtl ? drawn['expiration']! : 0,
    'max-length': isStream ? 0 : drawn['max-length']!,
    'delivery-limit': isQuorum ? drawn['delivery-limit']! : 0,
    'at.least.once': isSafe && drawn['dead-letter'] !== 'none',
    overflow: isSafe || overflow ? 'reject-publish' : drawn['overflow']!,
    'max-priority': isClassic ? drawn['max-priority']! : 0,
    'single-active-consumer': isClassic && drawn['single-active-consumer'] === true,
    'dead-letter': isStream ? 'none' : drawn['dead-letter']!,
    'prefetch.global': isClassic && drawn['prefetch.global'] === true,
    prefetch: isStream ? Math.max(1, Number(drawn['prefetch'])) : drawn['prefetch']!,
    'no-ack': !isStream && drawn['no-ack'] === true,
  };
}

/** Nodes talk with each other all the time: of a cluster less is asked. */
function ofCluster(drawn: Drawn): Drawn {
  return {
    messages: Math.min(CLUSTER_MESSAGES_MAX, Number(drawn['messages'])),
    'chaos.events': Math.min(CLUSTER_CHAOS_MAX, Number(drawn['chaos.events'])),
  };
}

function permittedType(drawn: Drawn, hasMirrors: boolean): string {
  const type = String(drawn['queue.type']);
  if (type !== 'mirrored') return type;
  if (Number(drawn['nodes']) === 1) return 'classic';
  return hasMirrors ? type : 'quorum';
}

// --------------------------------------------------------------------------------------- faults

/** The inputs of a seed, in order of events. One seed of five has none. */
function drawFaults(random: Random, shape: Shape): readonly Input[] {
  assert(shape.from < shape.to, 'a chaos lasts', { from: shape.from, to: shape.to });
  // In some seeds one node has all the trouble: then mirrors keep what they confirmed.
  const nodes = random.below(2) === 0 ? shape.nodes : [random.pick(shape.nodes)];
  const on = kinds.filter(() => random.below(2) === 0);
  const inputs: Input[] = [];
  if (on.length === 0 || random.below(5) === 0) return inputs;
  for (let left = random.between(1, 10); left > 0; left--) {
    const at = random.between(shape.from, shape.to - 1);
    const end = Math.min(shape.to - 1, at + random.between(1, 6 << random.between(0, 6)));
    const [begins, ends] = faultsOf(random, random.pick(on), { ...shape, nodes });
    if (inputs.length + 2 > INPUTS_MAX) break;
    inputs.push({ event: at, fault: begins });
    if (ends !== null) inputs.push({ event: end, fault: ends });
  }
  return inputs.sort((left, right) => left.event - right.event);
}

/** A node, or somebody at the other end of a connection with one. */
function pairOf(random: Random, { nodes, clients }: Shape): readonly [string, string] {
  const node = random.pick(nodes);
  const others = [...nodes.filter((one) => one !== node), ...clients];
  const other = random.pick(others);
  return random.below(2) === 0 ? [node, other] : [other, node];
}

function faultsOf(random: Random, kind: Kind, shape: Shape): readonly [Fault, Fault | null] {
  const host = random.below(2) === 0 ? random.pick(shape.nodes) : random.pick(shape.clients);
  const [from, to] = pairOf(random, shape);
  const two = { from, to };
  const { delayMicrosMin, jitterMicros, loss } = defaultConditions;
  switch (kind) {
    case 'crash':
    case 'stop':
      return [
        { fault: kind, host },
        { fault: 'start', host },
      ];
    case 'power':
      return [
        { fault: kind, host, unsynced: random.pick(['lost', 'random', 'torn'] as const) },
        { fault: 'start', host },
      ];
    case 'pause':
      return [
        { fault: kind, host },
        { fault: 'resume', host },
      ];
    case 'slow':
      return [
        { fault: kind, host, factor: random.pick([10, 100]) },
        { fault: kind, host, factor: 1 },
      ];
    case 'isolate':
      return [{ fault: kind, host }, { fault: 'heal' }];
    case 'partition':
      return [{ fault: kind, groups: groupsOf(random, shape) }, { fault: 'heal' }];
    case 'disk-full': {
      const node = random.pick(shape.nodes);
      return [
        { fault: kind, host: node, capacityBytes: random.below(200_000) },
        { fault: kind, host: node, capacityBytes: DISK_BYTES },
      ];
    }
    case 'cut':
    case 'clog':
      return [{ fault: kind, ...two }, { fault: 'heal' }];
    case 'delay':
      return [
        { fault: kind, ...two, minMicros: random.below(400_000), jitterMicros: 300_000 },
        { fault: kind, ...two, minMicros: delayMicrosMin, jitterMicros },
      ];
    case 'loss':
      return [
        { fault: kind, ...two, ratio: { numerator: random.between(1, 3), denominator: 10 } },
        { fault: kind, ...two, ratio: loss },
      ];
    case 'reset':
      return [{ fault: kind, ...two, bytes: random.pick([0, random.below(300)]) }, null];
    case 'clock':
      return [{ fault: kind, host, offsetMs: random.between(-3_600_000, 3_600_000) }, null];
    case 'drift':
      return [
        { fault: kind, host, ppm: random.between(-100_000, 100_000) },
        { fault: kind, host, ppm: 0 },
      ];
    default:
      assert(false, 'a fault that is drawn', { kind });
  }
}

/** Two groups of nodes, where there are several; each client is with one of them or hears all. */
function groupsOf(random: Random, { nodes, clients }: Shape): readonly (readonly string[])[] {
  const groups: string[][] = [[], []];
  const alone = random.pick(nodes);
  for (const node of nodes) groups[node === alone ? 0 : 1]!.push(node);
  for (const client of clients) groups[random.below(3)]?.push(client);
  return groups;
}
