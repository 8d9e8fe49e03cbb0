/**
 * Draws the faults of a seed: which kinds are on, and episodes of them, each with a beginning and
 * (as a rule) an end, at events of the chaos.
 *
 * What stays within the promise. A host that loses power with what is not synced, or its disk, has
 * forgotten what it acknowledged: a lossy shutdown. Where every record is synced, no power loss is
 * one. Otherwise at most min.insync.replicas - 1 brokers may have one in a run, and only where the
 * controller knows of eligible leader replicas (KIP-966): without them the last replica in sync may
 * be the one that forgot. The controller cannot tell a crash from a power loss, so that a crash
 * takes a replica out of the eligible ones, too: in a run with lossy shutdowns only the same hosts
 * crash. A failed or lying sync makes a power loss lossy, so they do not meet.
 * Bits do not rot: a replica that finds one stays away from its leader until someone mends it.
 */
import { assert } from '../../kernel/assert.ts';
import type { Random } from '../../kernel/ports.ts';
import type { Ratio } from '../../kernel/units.ts';
import type { Fault, FaultName } from '../../sim/faults.ts';
import { defaultConditions } from '../../sim/link.ts';
import type { Input } from '../run.ts';
import { CAPACITY_BYTES_MAX, TOPIC } from './kafka-swarm.ts';
import type { PromiseKind } from './plan.ts';

export interface FaultContext {
  readonly promise: PromiseKind;
  readonly seed: number;
  readonly brokers: readonly string[];
  readonly controllers: readonly string[];
  readonly clients: readonly string[];
  readonly partitions: number;
  readonly minInSyncReplicas: number;
  readonly eligibleLeaderReplicas: boolean;
  readonly syncsEveryRecord: boolean;
  /** Faults come after the first of these events and before the second. */
  readonly from: number;
  readonly to: number;
}

/** What can begin. The ends (`start`, `resume`, `heal`) come with it. */
type Kind = Exclude<FaultName, 'start' | 'resume' | 'heal'>;

const kinds: readonly Kind[] = [
  'crash',
  'power',
  'stop',
  'pause',
  'slow',
  'isolate',
  'partition',
  'cut',
  'clog',
  'delay',
  'loss',
  'duplicate',
  'reset',
  'clock',
  'drift',
  'disk-full',
  'sync-error',
  'lying-sync',
  'slow-disk',
  'bit-rot',
  'wipe',
];
export const kafkaFaults: readonly FaultName[] = [...kinds, 'start', 'resume', 'heal'];

/** A link holds so many inputs, with the knobs. */
export const INPUTS_MAX = 34;
const BEYOND_ONLY: readonly Kind[] = ['lying-sync', 'bit-rot'];
const HOUR_MS = 3_600_000;

/** The inputs of a seed, in order of events. */
export function drawFaults(random: Random, context: FaultContext): readonly Input[] {
  assert(context.from < context.to, 'a chaos lasts', { from: context.from, to: context.to });
  const on = drawKinds(random, context);
  const faults = new FaultPlanner(random, context, on);
  const inputs: Input[] = [];
  if (on.length === 0) return inputs;
  for (let left = random.between(1, 14); left > 0; left--) {
    const episode = faults.episode(random.pick(on));
    if (inputs.length + episode.length <= INPUTS_MAX) inputs.push(...episode);
  }
  return inputs.sort((left, right) => left.event - right.event);
}

/** Each kind is on or off for the whole seed, so that rare combinations come about. */
function drawKinds(random: Random, { promise }: FaultContext): readonly Kind[] {
  const on = kinds.filter(() => random.below(2) === 0);
  if (promise === 'beyond') return on;
  const sound = on.filter((kind) => !BEYOND_ONLY.includes(kind));
  const losesPages = sound.some((kind) => kind === 'power' || kind === 'wipe');
  return losesPages ? sound.filter((kind) => kind !== 'sync-error') : sound;
}

class FaultPlanner {
  readonly #random: Random;
  readonly #context: FaultContext;
  /** Brokers that may forget what was not synced. */
  readonly #forgetful: readonly string[];
  /** Brokers that may end without having been asked to. */
  readonly #crashing: readonly string[];

  constructor(random: Random, context: FaultContext, on: readonly Kind[]) {
    this.#random = random;
    this.#context = context;
    const { promise, brokers, minInSyncReplicas, eligibleLeaderReplicas } = context;
    const budget = eligibleLeaderReplicas ? minInSyncReplicas - 1 : 0;
    const shuffled = random.shuffle(brokers);
    this.#forgetful = promise === 'beyond' ? brokers : shuffled.slice(0, budget);
    const forgets = on.includes('wipe') || (on.includes('power') && !context.syncsEveryRecord);
    this.#crashing = forgets && budget > 0 ? this.#forgetful : brokers;
  }

  /** One fault with its end, or none where the promise leaves no host for it. */
  episode(kind: Kind): readonly Input[] {
    const { from, to } = this.#context;
    const at = this.#random.between(from, to - 1);
    const end = Math.min(to - 1, at + this.#length());
    const [begins, ends] = this.#faultsOf(kind);
    return [
      ...begins.map((fault) => ({ event: at, fault })),
      ...ends.map((fault) => ({ event: end, fault })),
    ];
  }

  /** Events: short ones are as likely as long ones. */
  #length(): number {
    return this.#random.between(1, 6 << this.#random.between(0, 8));
  }

  #faultsOf(kind: Kind): readonly [begins: readonly Fault[], ends: readonly Fault[]] {
    switch (kind) {
      case 'crash':
      case 'stop':
      case 'power':
      case 'wipe':
        return this.#ending(kind);
      case 'isolate':
      case 'partition':
      case 'cut':
      case 'clog':
        return [[this.#separating(kind)], [{ fault: 'heal' }]];
      case 'delay':
      case 'loss':
      case 'duplicate':
      case 'reset':
        return this.#disturbing(kind);
      case 'sync-error':
      case 'disk-full':
      case 'lying-sync':
      case 'slow-disk':
      case 'bit-rot':
        return this.#atDisk(kind);
      default:
        return this.#atHost(kind);
    }
  }

  // -------------------------------------------------------------------------------- the process

  #ending(kind: 'crash' | 'stop' | 'power' | 'wipe'): readonly [Fault[], Fault[]] {
    const hosts = this.#hostsToEnd(kind);
    const begins = hosts.flatMap((host) => this.#endOf(host, kind));
    // A producer stays dead until everything is healed: its successor is another producer.
    const again = hosts.filter((host) => !host.startsWith('producer'));
    return [begins, again.map((host) => ({ fault: 'start', host }))];
  }

  #hostsToEnd(kind: 'crash' | 'stop' | 'power' | 'wipe'): readonly string[] {
    const { promise, syncsEveryRecord, clients, controllers } = this.#context;
    if (kind === 'stop') return [this.#host()];
    if (kind === 'crash') return [this.#host(this.#crashing)];
    const beyond = promise === 'beyond';
    const anyBroker = beyond || (syncsEveryRecord && kind === 'power');
    const pool = anyBroker ? this.#crashing : this.#forgetful;
    // A rack loses power now and then; the controller syncs what it decides.
    const few = this.#random.shuffle(pool).slice(0, this.#random.pick([1, 1, 1, 2, 3]));
    const others = kind === 'power' ? [...controllers, ...clients] : beyond ? controllers : [];
    const elsewhere = others.length > 0 && (few.length === 0 || this.#random.below(5) === 0);
    return elsewhere ? [this.#random.pick(others)] : few;
  }

  #endOf(host: string, kind: 'crash' | 'stop' | 'power' | 'wipe'): readonly Fault[] {
    const unsynced = this.#random.pick(['lost', 'random', 'torn'] as const);
    if (kind === 'power') return [{ fault: 'power', host, unsynced }];
    if (kind !== 'wipe') return [{ fault: kind, host }];
    return [
      { fault: 'power', host },
      { fault: 'wipe', host },
    ];
  }

  #atHost(kind: Kind): readonly [Fault[], Fault[]] {
    const host = this.#host();
    const beyond = this.#context.promise === 'beyond';
    switch (kind) {
      case 'pause':
        return [[{ fault: kind, host }], [{ fault: 'resume', host }]];
      case 'slow':
        return [
          [{ fault: kind, host, factor: this.#random.pick([10, 100, 1000]) }],
          [{ fault: kind, host, factor: 1 }],
        ];
      case 'clock': {
        // A clock within the hour that brokers accept; beyond it records expire or are refused.
        const most = beyond ? 240 * HOUR_MS : HOUR_MS / 3;
        return [[{ fault: kind, host, offsetMs: this.#random.between(-most, most) }], []];
      }
      case 'drift':
        return [
          [{ fault: kind, host, ppm: this.#random.between(-100_000, 100_000) }],
          [{ fault: kind, host, ppm: 0 }],
        ];
      default:
        assert(false, 'a fault of a host', { kind });
    }
  }

  // -------------------------------------------------------------------------------- the network

  #separating(kind: 'isolate' | 'partition' | 'cut' | 'clog'): Fault {
    const { controllers } = this.#context;
    if (kind === 'partition') {
      const hosts = this.#random.shuffle([...controllers, ...this.#context.brokers]);
      const half = this.#random.between(1, hosts.length - 1);
      // With a bridge one host is in neither group and hears both.
      const bridge = hosts.length > 2 && this.#random.below(3) === 0 ? 1 : 0;
      const groups = [hosts.slice(0, half), hosts.slice(half + bridge)];
      return { fault: kind, groups };
    }
    if (kind !== 'isolate') return { fault: kind, ...this.#two() };
    const host = this.#host();
    const others = this.#context.brokers.filter((name) => name !== host);
    const from = this.#random.pick([undefined, others, controllers]);
    return from === undefined || from.includes(host)
      ? { fault: kind, host }
      : { fault: kind, host, from };
  }

  #disturbing(kind: 'delay' | 'loss' | 'duplicate' | 'reset'): readonly [Fault[], Fault[]] {
    const two = this.#two();
    const { delayMicrosMin, jitterMicros, loss } = defaultConditions;
    const ratio = (denominator: number): Ratio => ({
      numerator: this.#random.between(1, 3),
      denominator,
    });
    if (kind === 'reset') {
      return [
        [{ fault: kind, ...two, bytes: this.#random.pick([0, this.#random.below(300)]) }],
        [],
      ];
    }
    if (kind !== 'delay') {
      return [[{ fault: kind, ...two, ratio: ratio(10) }], [{ fault: kind, ...two, ratio: loss }]];
    }
    const minMicros = this.#random.below(400_000);
    return [
      [{ fault: kind, ...two, minMicros, jitterMicros: this.#random.below(300_000) }],
      [{ fault: kind, ...two, minMicros: delayMicrosMin, jitterMicros }],
    ];
  }

  // ----------------------------------------------------------------------------------- the disk

  #atDisk(kind: Kind): readonly [Fault[], Fault[]] {
    const host = this.#diskHost(kind === 'disk-full' ? this.#crashing : this.#context.brokers);
    const start: Fault = { fault: 'start', host };
    switch (kind) {
      case 'disk-full':
        return [
          [{ fault: kind, host, capacityBytes: this.#random.below(8000) }],
          [{ fault: kind, host, capacityBytes: CAPACITY_BYTES_MAX }, start],
        ];
      case 'sync-error':
        return [[{ fault: kind, host, count: this.#random.between(1, 2) }], [start]];
      case 'lying-sync':
        return [[{ fault: kind, host, on: true }], [{ fault: kind, host, on: false }]];
      case 'slow-disk':
        return [
          [{ fault: kind, host, factor: this.#random.pick([10, 100]) }],
          [{ fault: kind, host, factor: 1 }],
        ];
      case 'bit-rot': {
        const partition = this.#random.below(this.#context.partitions);
        const file = this.#random.pick(['log', 'log', 'index', 'timeindex']);
        const path = `data/${TOPIC}-${partition}/00000000000000000000.${file}`;
        const [position, bit] = [this.#random.below(1500), this.#random.below(8)];
        return [[{ fault: kind, host, path, position, bit }], []];
      }
      default:
        assert(false, 'a fault of a disk', { kind });
    }
  }

  // ------------------------------------------------------------------------------------ targets

  /** A broker three times out of four. */
  #host(brokers: readonly string[] = this.#context.brokers): string {
    const { clients } = this.#context;
    const turn = this.#random.below(8);
    if (turn < 6) return this.#random.pick(brokers);
    return turn === 6 ? this.#controller() : this.#random.pick(clients);
  }

  /** One that is alone costs no random number. */
  #controller(): string {
    const { controllers } = this.#context;
    return controllers.length === 1 ? controllers[0]! : this.#random.pick(controllers);
  }

  #diskHost(brokers: readonly string[]): string {
    return this.#random.below(6) === 0 ? this.#controller() : this.#random.pick(brokers);
  }

  /** Two ends of a link, one of them a broker. */
  #two(): { readonly from: string; readonly to: string } {
    const broker = this.#random.pick(this.#context.brokers);
    let other = this.#host();
    if (other === broker) other = this.#controller();
    return this.#random.below(2) === 0 ? { from: broker, to: other } : { from: other, to: broker };
  }
}
