/**
 * No invariant is idle: each has an assertion in the engine, a checker that every run registers,
 * and a switch, a mutation or a rig that makes the checker turn red.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import shareGroups from '../../lessons/kafka/share-groups/experiment.ts';
import { OrderOfEvents } from '../../engine/lab/check/order-of-events.ts';
import { PartitionWatch } from '../../engine/lab/check/kafka/partition-watch.ts';
import type { ReplicaLedger } from '../../engine/lab/check/kafka/replica-ledger.ts';
import { WireChecks } from '../../engine/lab/check/kafka/wire-checks.ts';
import { Run } from '../../engine/lab/run.ts';
import kafkaSwarm from '../../engine/lab/swarm/kafka-swarm.ts';
import type { Broker } from '../../engine/kafka/broker.ts';
import type { Partition } from '../../engine/kafka/partition/partition.ts';
import type { SimEndpoint } from '../../engine/sim/endpoint.ts';
import type { World } from '../../engine/sim/world.ts';
import { listOffsets } from '../../engine/wire/kafka/messages/list-offsets.ts';
import { catchers } from '../mutations/catchers.ts';
import { wildRun } from './check-cluster.ts';
import { type InvariantRow, type Trip, invariants } from './invariants.ts';
import { wildTransactions } from './transaction-cluster.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** By switch: what its runs have broken so far, and the seed that comes next. */
const scans = new Map<string, { readonly broken: Map<string, number>; next: number }>();

function seedThatBreaks(id: string, trip: Trip & { by: 'quirk' }): number | null {
  const key = JSON.stringify(trip.wild);
  const scan = scans.get(key) ?? { broken: new Map<string, number>(), next: 1 };
  scans.set(key, scan);
  for (; !scan.broken.has(id) && scan.next <= trip.seedsMax; scan.next++) {
    const run = wildRun(scan.next, trip.wild, { trace: false }).finish();
    for (const { invariant } of run.violations) scan.broken.set(invariant, scan.next);
  }
  return scan.broken.get(id) ?? null;
}

/** Two calm steps, then a broker's replica is made other than it is, and looked at. */
function tampered(host: string, tamper: (partition: Partition, run: Run) => void): Run {
  const run = wildRun(1, { calm: true });
  while (run.step !== 'wild-4') run.advance();
  run.lab.command<Broker>(host, 'tamper', ({ partitions }) => tamper([...partitions][0]!, run));
  const { event } = run.world;
  while (run.violations.length === 0 && run.world.event < event + 50) run.advance();
  return run;
}

const rigs: Readonly<Record<string, () => string | null>> = {
  K1: () =>
    brokenIn(
      tampered('broker-1', ({ log }) => {
        const highWatermark = log.logEndOffset + 1;
        Object.defineProperty(log, 'highWatermark', { get: () => highWatermark });
      }),
      'K1',
    ),
  K5: () =>
    brokenIn(
      tampered('broker-2', (partition) => {
        partition.isLeader = true;
      }),
      'K5',
    ),
  K6: () =>
    brokenIn(
      tampered('broker-2', ({ log }) => log.epochs.assign(9, log.logEndOffset + 5)),
      'K6',
    ),
  K10: () => {
    const found: string[] = [];
    const findings = { event: 1, violation: (id: string) => found.push(id), beyond: () => {} };
    const watch = new PartitionWatch({ topic: 'pay', index: 0, topicId: 'id' }, findings, false);
    const partition = { leaderEpoch: 3, log: { highWatermark: 0 }, leaderEpochStartOffset: 0 };
    watch.replicas.set(1, { host: 'broker-1', partition } as unknown as ReplicaLedger);
    const wire = new WireChecks({
      partition: () => watch,
      nodeIdOf: () => 1,
      violated: findings.violation,
    });
    const endpoint = { id: 1, host: { name: 'broker-1' } } as unknown as SimEndpoint;
    const message = { apiKey: listOffsets.key, apiVersion: 4, correlationId: 1 };
    const asked = { partitionIndex: 0, currentLeaderEpoch: 2, timestamp: -1 };
    const body = { replicaId: -1, topics: [{ name: 'pay', partitions: [asked] }] };
    wire.sent(endpoint, { kind: 'request', ...message, body });
    const told = { topics: [{ name: 'pay', partitions: [{ partitionIndex: 0, errorCode: 0 }] }] };
    wire.sent(endpoint, { kind: 'response', ...message, body: told });
    return found.includes('K10') ? 'K10' : null;
  },
  K21: () => {
    const run = wildRun(2, { calm: true }).finish();
    const { final } = run.history;
    const swapped = [...final!].reverse().map((found, offset) => ({ ...found, offset }));
    const again = wildRun(2, { calm: true });
    again.runTo(run.world.event - 1);
    again.history.finish(swapped);
    return brokenIn(again.finish(), 'K21');
  },
  S2: () => {
    const host = { incarnation: 1, name: 'broker-1' };
    const world = { event: 0, handled: null as unknown, hosts: [host] };
    const order = new OrderOfEvents(world as unknown as World);
    const handle = (time: number, sequence: number, incarnation: number): string | null => {
      world.event += 1;
      world.handled = { host, time, sequence, incarnation, deferred: false };
      return order.check();
    };
    if (handle(5, 1, 1) !== null || handle(5, 2, 1) !== null) return null;
    if (handle(5, 1, 1) === null || handle(4, 9, 1) === null) return null;
    host.incarnation = 2;
    return handle(6, 10, 2) === null ? handle(7, 11, 1) : null;
  },
};

function brokenIn(run: Run, id: string): string | null {
  return run.violations.find(({ invariant }) => invariant === id)?.what ?? null;
}

function registered(): readonly string[] {
  const runs = [wildRun(1, { compacts: true }), wildTransactions(1)];
  const wild = runs.flatMap(({ experiment }) => registeredBy(experiment, {}));
  const swarm = registeredBy(kafkaSwarm, { members: '1', controllers: '3' });
  return [...wild, ...swarm, ...registeredBy(shareGroups, { group: 'share' })];
}

type Knobs = Readonly<Record<string, string>>;

function registeredBy(experiment: Run['experiment'], knobs: Knobs): readonly string[] {
  const ids: string[] = [];
  const world: typeof experiment.world = (context) => {
    const { lab } = context;
    const register = lab.invariant;
    const invariant: typeof register = (id, ...rest) => {
      ids.push(id);
      register(id, ...rest);
    };
    return experiment.world({ ...context, lab: Object.assign(lab, { invariant }) });
  };
  void new Run({ ...experiment, world }, { knobs });
  return ids;
}

function tripOf({ trip }: InvariantRow): string {
  if (trip.by === 'patch') return `${trip.name}.patch`;
  if (trip.by === 'test') return `${trip.file} ${trip.name}`;
  return trip.by === 'rig' ? 'a rig' : `quirks ${JSON.stringify(trip.wild.quirks)}`;
}

describe('invariants', () => {
  test('each one is asserted in the engine, under its name', () => {
    for (const { id, assertion } of invariants) {
      const [file, text] = assertion;
      expect(text, id).toContain(id);
      expect(readFileSync(`${ROOT}${file}`, 'utf8'), `${id} in ${file}`).toContain(text);
    }
  });

  test('each one of Kafka and of its quorum has a checker that a run registers', () => {
    const ids = registered();
    const ours = invariants.filter(({ id }) => id.startsWith('K') || id.startsWith('T'));
    expect(ours.filter(({ id }) => !ids.includes(id))).toEqual([]);
  });

  const quirks = invariants.filter(({ trip }) => trip.by === 'quirk');
  test.each(quirks)(
    '$id turns red under a switch of the engine',
    ({ id, trip }) => {
      expect(seedThatBreaks(id, trip as Trip & { by: 'quirk' })).not.toBeNull();
    },
    60_000,
  );

  test.each(invariants.filter(({ trip }) => trip.by === 'rig'))('$id turns red in a rig', (one) => {
    expect(rigs[one.id]!()).not.toBeNull();
  });

  test('K17 turns red in a rig, too, since its mutation trips the assertion first', () => {
    const run = tampered('broker-1', ({ log }) => {
      log.log.incrementLogStartOffset(1);
      Object.defineProperty(log, 'highWatermark', { get: () => -1 });
    });
    expect(brokenIn(run, 'K17')).not.toBeNull();
  });

  test('each mutation that trips one has its patch, and a catcher that is named after it', () => {
    for (const { id, trip } of invariants) {
      if (trip.by !== 'patch') continue;
      expect(existsSync(`${ROOT}test/mutations/${trip.name}.patch`), id).toBe(true);
      const catcher = catchers[trip.name];
      const name = catcher?.kind === 'test' ? catcher.name : '';
      // K15 is seen where more is lost than was promised: that it is told as such is the test's.
      expect(id === 'K15' || name.includes(id), `${id}: ${name}`).toBe(true);
    }
  });

  test('each test that trips one is there, under its name', () => {
    for (const { id, trip } of invariants) {
      if (trip.by === 'test')
        expect(readFileSync(`${ROOT}${trip.file}`, 'utf8'), id).toContain(trip.name);
    }
  });

  test('the table', () => {
    const lines = invariants.map((one) => {
      const asserted = `${one.assertion[0]} ${one.assertion[1]}`;
      return [one.id.padEnd(4), one.says.padEnd(40), asserted.padEnd(66), tripOf(one)].join(' | ');
    });
    process.stdout.write(`${lines.join('\n')}\n`);
    expect(new Set(invariants.map(({ id }) => id)).size).toBe(62);
  });
});
