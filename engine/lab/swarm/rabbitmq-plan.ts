/**
 * The planner for RabbitMQ: from a seed a configuration and faults.
 *
 * Streams of random numbers: configuration, faults, and (in the experiment) the workload. Within
 * the promise: a release with its own behaviour, and what ends a node with what it had not written
 * is judged as such (`rabbitmq-verdict.ts`). Beyond it: any switch turned.
 */
import { assert } from '../../kernel/assert.ts';
import type { Random } from '../../kernel/ports.ts';
import { randomStream } from '../../kernel/random.ts';
import { profileNames } from '../../rabbitmq/profiles.ts';
import type { Fault, FaultName } from '../../sim/faults.ts';
import { defaultConditions } from '../../sim/link.ts';
import { knobValues, textOf } from '../knob.ts';
import type { Input } from '../run.ts';
import type { DrawOptions, Plan } from './plan.ts';
import rabbitSwarm, {
  CALM_EVENTS,
  rabbitConsumers,
  rabbitPublishers,
  rabbitQuirkNames,
} from './rabbitmq-swarm.ts';

type Drawn = Record<string, string | number | boolean>;
type Kind = Exclude<FaultName, 'start' | 'resume' | 'heal'>;

const kinds: readonly Kind[] = [
  ...(['crash', 'power', 'stop', 'pause', 'slow', 'isolate', 'cut', 'clog'] as const),
  ...(['delay', 'loss', 'reset', 'clock', 'drift'] as const),
];
export const rabbitFaults: readonly FaultName[] = [...kinds, 'start', 'resume', 'heal'];

const NODE = 'rabbit-1';
const INPUTS_MAX = 30;

/** The plan of a seed. The same arguments give the same plan. */
export function drawRabbit(seed: number, { promise, quirk }: DrawOptions): Plan {
  assert(quirk === undefined || rabbitQuirkNames.some((one) => one === quirk), 'a switch', {
    quirk,
  });
  const random = randomStream(seed, 'rabbitmq-swarm/config');
  const beyond = promise === 'beyond' && random.below(4) === 0;
  const turned = beyond ? random.pick(rabbitQuirkNames) : 'none';
  const drawn = { promise, ...drawQueues(random), ...drawClients(random), quirk: quirk ?? turned };
  const knobs = differing(drawn);
  const inputs = drawFaults(randomStream(seed, 'rabbitmq-swarm/faults'), rabbitShape(knobs));
  return { experiment: rabbitSwarm.id, knobs, seed, inputs };
}

/** What the planner of faults asks about a configuration. */
export function rabbitShape(set: Plan['knobs']) {
  const values = knobValues(rabbitSwarm.knobs, set);
  return {
    clients: [
      ...rabbitPublishers(Number(values['publishers'])),
      ...rabbitConsumers(Number(values['consumers'])),
    ],
    from: CALM_EVENTS,
    to: CALM_EVENTS + Number(values['chaos.events']),
  };
}

type Shape = ReturnType<typeof rabbitShape>;

/** Only what is not the preset, so that a link stays short. */
function differing(drawn: Drawn): Record<string, string> {
  const texts = Object.fromEntries(
    Object.entries(drawn).map(([name, value]) => [name, String(value)]),
  );
  const values = textOf(rabbitSwarm.knobs, knobValues(rabbitSwarm.knobs, texts));
  return Object.fromEntries(
    values.filter(([name, text]) => text !== String(rabbitSwarm.knobs[name]!.preset)),
  );
}

function drawQueues(random: Random): Drawn {
  return {
    profile: random.pick(profileNames),
    exchange: random.pick(['direct', 'fanout', 'topic', 'headers']),
    queues: random.pick([1, 1, 2, 3]),
    persistent: random.below(4) > 0,
    'message-ttl': random.pick([0, 0, 0, 20, 1000, 30_000]),
    expiration: random.pick([0, 0, 0, 10, 500]),
    'max-length': random.pick([0, 0, 0, 1, 5, 20]),
    overflow: random.pick(['drop-head', 'reject-publish', 'reject-publish-dlx']),
    'max-priority': random.pick([0, 0, 0, 1, 5]),
    'single-active-consumer': random.below(4) === 0,
    'dead-letter': random.pick(['none', 'none', 'queue', 'queue', 'cycle']),
  };
}

function drawClients(random: Random): Drawn {
  return {
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
}

// --------------------------------------------------------------------------------------- faults

/** The inputs of a seed, in order of events. One seed of five has none. */
function drawFaults(random: Random, shape: Shape): readonly Input[] {
  assert(shape.from < shape.to, 'a chaos lasts', { from: shape.from, to: shape.to });
  const on = kinds.filter(() => random.below(2) === 0);
  const inputs: Input[] = [];
  if (on.length === 0 || random.below(5) === 0) return inputs;
  for (let left = random.between(1, 10); left > 0; left--) {
    const at = random.between(shape.from, shape.to - 1);
    const end = Math.min(shape.to - 1, at + random.between(1, 6 << random.between(0, 6)));
    const [begins, ends] = faultsOf(random, random.pick(on), shape);
    if (inputs.length + 2 > INPUTS_MAX) break;
    inputs.push({ event: at, fault: begins });
    if (ends !== null) inputs.push({ event: end, fault: ends });
  }
  return inputs.sort((left, right) => left.event - right.event);
}

function faultsOf(random: Random, kind: Kind, { clients }: Shape): readonly [Fault, Fault | null] {
  const host = random.below(2) === 0 ? NODE : random.pick(clients);
  const other = random.pick(clients);
  const two = random.below(2) === 0 ? { from: NODE, to: other } : { from: other, to: NODE };
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
