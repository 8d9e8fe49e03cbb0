/**
 * `highwater run --on`: an experiment through kafkajs against sockets, beside its simulated run.
 * The cluster is our own `highwater serve`; a real Apache Kafka takes its place by hand.
 */
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { experiment, integer } from '../../engine/lab/index.ts';
import type { Fault } from '../../engine/sim/faults.ts';
import { History } from '../../engine/lab/history.ts';
import { KafkaCluster } from '../../engine/lab/kafka.ts';
import { main } from '../../engine/node/command/main.ts';
import { bootstrapOf } from '../../engine/node/real/address.ts';
import { NotOnReal } from '../../engine/node/real/real-lab.ts';
import { runOnReal } from '../../engine/node/real/run-on-real.ts';
import { columns, compare } from '../../engine/node/real/side-by-side.ts';
import acksAndLoss from '../../lessons/kafka/acks-and-loss/experiment.ts';
import { servedCluster } from '../interop/served.ts';
import type { Served } from '../interop/served.ts';

const clusters: Served[] = [];
let served: Served;

async function cluster(options: readonly string[] = []): Promise<Served> {
  const made = await servedCluster(3, options);
  clusters.push(made);
  await made.program.start();
  return made;
}

beforeAll(async () => {
  served = await cluster();
});
afterAll(async () => {
  for (const one of clusters) await one.clear();
});

async function topicsOf(addresses: readonly string[]): Promise<string[]> {
  const admin = new Kafka({ brokers: [...addresses], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const topics = await admin.listTopics();
  await admin.disconnect();
  return topics;
}

/** One topic, some records, and whatever a test wants beside them. */
function small(settings: {
  readonly brokers?: number;
  readonly settings?: Record<string, string>;
  readonly quirks?: Record<string, boolean>;
  readonly fault?: Fault;
}) {
  const { brokers = 3, fault, ...options } = settings;
  return experiment({
    id: 'small',
    knobs: { records: integer(1, 9, 3, { en: 'How many.', zh: '多少。' }) },
    world: ({ lab, knobs }) => {
      const made = new KafkaCluster(lab, { brokers, ...options });
      return { cluster: made, records: knobs.records, noted: 7 };
    },
    steps: [
      {
        id: 'create',
        title: { en: 'A topic', zh: '主题' },
        do: (world) => {
          world.cluster.createTopic('t', { partitions: 2, replicationFactor: 2 });
          world.cluster.addProducer('producer-1', { acks: 'all' });
          world.cluster.addConsumer('consumer-1', 't', {}, 1);
        },
        until: (world) => world.cluster.partitionsReady(true),
        timeLimitMs: 30_000,
      },
      {
        id: 'send',
        title: { en: 'Records', zh: '消息' },
        do: (world, lab) => {
          world.cluster.send('producer-1', 't', world.records, { partition: 1 });
          if (fault !== undefined) lab.inject(fault);
        },
        until: ({ records }, { history }) =>
          history.sent.length === records &&
          history.sent.every(({ outcome }) => outcome !== 'pending'),
        timeLimitMs: 30_000,
      },
    ],
    settle: KafkaCluster.settle(),
    measures: ({ world, history }) => ({ sent: history.sent.length, noted: world.noted }),
    proofs: {},
  });
}

describe('run --on', () => {
  for (const knobs of [
    { acks: '0' },
    { acks: '1', retries: '0' },
    { acks: 'all', 'min.insync.replicas': '3' },
    { acks: 'all', 'enable.idempotence': 'false' },
  ]) {
    test(`acks-and-loss has one history here and there: ${JSON.stringify(knobs)}`, async () => {
      const options = { knobs: { fault: 'none', ...knobs } };
      const both = await runOnReal(acksAndLoss, options, served.addresses);
      const { rows, firstDifference, measures } = compare(both);
      expect(firstDifference).toBeNull();
      expect(rows.filter(({ operation }) => operation.includes('sends'))).toHaveLength(8);
      expect(rows.filter(({ operation }) => operation.includes('at the end'))).toHaveLength(8);
      expect(measures).toContainEqual({ name: 'sent', here: 8, there: 8 });
      expect(both.there.measures['acknowledgedUnsynced']).toBeNull();
      expect(both.unseen).toContain('leo');
    });
  }

  test('its topics are gone afterwards', async () => {
    expect(await topicsOf(served.addresses)).toEqual([]);
  });

  test('what an experiment notes is measured where it saw all that it asked for', async () => {
    const both = await runOnReal(small({}), {}, served.addresses);
    expect(compare(both).firstDifference).toBeNull();
    expect(both.there.measures).toEqual({ sent: 3, noted: 7 });
    expect(both.unseen).toEqual([]);
  });

  test('a cluster that answers otherwise is found out, by the name of its error', async () => {
    const strict = await cluster(['--set', 'message.max.bytes=60']);
    const both = await runOnReal(small({}), {}, strict.addresses);
    const { rows, firstDifference } = compare(both);
    expect(firstDifference).toBe(0);
    expect(rows[0]).toEqual({
      operation: 'producer-1 sends r1',
      here: 'acknowledged t-1@0',
      there: 'refused MESSAGE_TOO_LARGE',
      same: false,
    });
    expect(columns(compare(both))[1]).toMatch(/^! .*refused MESSAGE_TOO_LARGE +<- the first/);
    expect(await topicsOf(strict.addresses)).toEqual([]);
  });
});

describe('run --on: refusals', () => {
  const crash: Fault = { fault: 'crash', host: 'broker-1' };
  for (const [what, subject, options, sentence] of [
    ['a fault of the story', small({ fault: crash }), {}, /step 'send' injects the fault 'crash'/],
    ['an input', small({}), { inputs: [{ event: 5, fault: crash }] }, /event 5' injects .*'crash'/],
    ['a setting of the brokers', small({ settings: { 'num.partitions': '3' } }), {}, /num\.part/],
    ['more brokers than there are', small({ brokers: 4 }), {}, /a broker 4, .* has 3 brokers/],
    ['a quirk', small({ quirks: { leaderEpochTruncation: false } }), {}, /quirk 'leaderEpochTr/],
  ] as const) {
    test(`${what} cannot be had there, and nothing is left behind`, async () => {
      const run = runOnReal(subject, options, served.addresses);
      await expect(run).rejects.toThrow(NotOnReal);
      await expect(run).rejects.toThrow(sentence);
      expect(await topicsOf(served.addresses)).toEqual([]);
    });
  }

  test('nobody listens: a sentence, and exit code 2', async () => {
    const args = ['run', 'acks-and-loss', '--knob', 'fault=none', '--on'];
    expect(await main([...args, 'kafka://127.0.0.1:1'])).toBe(2);
    expect(await main([...args, '127.0.0.1:9092'])).toBe(2);
  });

  test('an address is kafka:// and servers with ports', () => {
    expect(bootstrapOf('kafka://a:1,b:65535')).toEqual(['a:1', 'b:65535']);
    for (const bad of [
      'a:1',
      'kafka://',
      'kafka://a',
      'kafka://a:0',
      'kafka://a:1,',
      'amqp://a:1',
    ]) {
      expect(bootstrapOf(bad), bad).toBeNull();
    }
  });
});

describe('side by side', () => {
  const told = (make: (history: History) => void, reached = true) => {
    const history = new History();
    make(history);
    return { history, steps: [{ id: 'only', reached }], measures: {} };
  };
  const read = (offsets: readonly number[]) => (history: History) => {
    for (const offset of offsets) {
      history.deliver({ id: `r${offset}`, consumer: 'c', partition: 't-0', offset, event: 0 });
    }
  };
  const differs = (here: ReturnType<typeof told>, there: ReturnType<typeof told>) =>
    compare({ here, there }).rows.filter(({ same }) => !same).length;

  test('how far a consumer had read when it was sent back is time, not a difference', () => {
    expect(differs(told(read([0, 1, 0, 1, 2])), told(read([0, 1, 2, 0, 1, 2])))).toBe(0);
  });

  test('another order, a gap, an outcome and a step cut short are differences', () => {
    expect(differs(told(read([0, 1])), told(read([0, 2])))).toBe(1);
    const sent = (error: string) => (history: History) => {
      history.send('p', 'r1', 1);
      history.tell('r1', 2, 'refused', { error });
    };
    expect(differs(told(sent('A')), told(sent('A')))).toBe(0);
    expect(differs(told(sent('A')), told(sent('B')))).toBe(1);
    const nothing = (): void => undefined;
    expect(differs(told(nothing), told(nothing, false))).toBe(1);
  });
});
