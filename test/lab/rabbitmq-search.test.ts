/** A RabbitMQ experiment under a search and a sweep: what they find is what its runs show. */
import { expect, test } from 'vitest';
import { judgeQueues } from '../../engine/lab/check/queue-delivery.ts';
import { experiment, type Experiment, type Lab } from '../../engine/lab/experiment.ts';
import { choicesOf } from '../../engine/lab/explore/schedule.ts';
import { counterexampleOf, Search } from '../../engine/lab/explore/index.ts';
import type { FaultKind, Subject } from '../../engine/lab/explore/index.ts';
import { choice } from '../../engine/lab/knob.ts';
import { RabbitCluster } from '../../engine/lab/rabbitmq.ts';
import { Run } from '../../engine/lab/run.ts';
import { Sweep } from '../../engine/lab/sweep.ts';
import consumerAcks from '../../lessons/rabbitmq/consumer-acks/experiment.ts';
import mirroredAndQuorum from '../../lessons/rabbitmq/mirrored-and-quorum-queues/experiment.ts';
import publisherConfirms from '../../lessons/rabbitmq/publisher-confirms/experiment.ts';
import persistence from '../../lessons/rabbitmq/rabbitmq-persistence/experiment.ts';

const title = { en: 'A step', zh: '一步' };
const SENT = 3;

interface World {
  readonly rabbit: RabbitCluster;
  readonly consumes: boolean;
}

const isDone = ({ rabbit, consumes }: World, { history }: Lab): boolean =>
  history.sent.length === SENT && rabbit.allTold && (!consumes || rabbit.processed.length === SENT);

/** Transient messages are confirmed, and consumed or not; then a search may strike. */
const transient = experiment({
  id: 'transient-messages',
  knobs: { consumer: choice(['none', 'one'], 'none', title) },
  world: ({ knobs, lab }): World => ({
    rabbit: new RabbitCluster(lab),
    consumes: knobs.consumer === 'one',
  }),
  steps: [
    {
      id: 'start',
      title,
      do: ({ rabbit, consumes }) => {
        rabbit.declare({ queues: [{ queue: 'orders', durable: true }] });
        rabbit.addPublisher('publisher-1');
        if (consumes) rabbit.addConsumer('consumer-1', 'orders');
      },
      until: ({ rabbit }) => rabbit.allConnected && rabbit.queue('orders') !== null,
      timeLimitMs: 60_000,
    },
    {
      id: 'publish',
      title,
      do: ({ rabbit }) => rabbit.publish('publisher-1', { routingKey: 'orders', count: SENT }),
      until: isDone,
      timeLimitMs: 60_000,
    },
    { id: 'rest', title, until: () => false, timeLimitMs: 100 },
  ],
  settle: RabbitCluster.settle(),
  measures: ({ history }) => ({ lost: judgeQueues(history).lost.length }),
  proofs: {},
  exploration: {
    knobs: {},
    points: [{ id: 'done', title, reached: isDone }],
    hosts: ['rabbit-1'],
    forbidden: ['lost'],
  },
});

function searched(consumer: string): Search {
  const knobs = { consumer };
  const subject = { knobs, seed: 1, kinds: ['crash'], depth: 1, merging: true } as const;
  const search = new Search(transient, { ...subject, invariants: 'always' });
  while (!search.over) search.step();
  return search;
}

test('rabbitmq: explore: a crash loses transient messages, unless they were consumed', () => {
  expect(searched('none').found?.broken).toEqual({ kind: 'measure', name: 'lost', value: SENT });
  const { found, coverage } = searched('one');
  expect(found).toBeNull();
  expect(coverage.tried).toBeGreaterThan(0);
});

test('rabbitmq: sweep: without a fault nothing is lost', () => {
  const { runs } = new Sweep(transient, { over: ['consumer'] }).finish();
  expect(runs.map(({ chosen, measures }) => [chosen['consumer'], measures!['lost']])).toEqual([
    ['none', 0],
    ['one', 0],
  ]);
});

const MINUTES = 300_000;

/** A lesson's experiment under faults at some of its points. */
function lesson(
  of: Experiment,
  points: readonly string[],
  subject: Pick<Subject, 'knobs' | 'kinds' | 'depth'>,
): Search {
  const exploration = of.exploration!;
  const chosen = exploration.points.filter(({ id }) => points.includes(id));
  expect(chosen.map(({ id }) => id)).toEqual(points);
  const few = { ...of, exploration: { ...exploration, points: chosen } };
  const search = new Search(few, { ...subject, seed: 1, merging: true, invariants: 'always' });
  while (!search.over) search.step();
  return search;
}

const schedule = ({ found, choices }: Search) =>
  found?.schedule.map((index) => `${choices[index]!.kind} ${choices[index]!.host}`) ?? null;

test(
  'rabbitmq: explore: what a mirrored queue confirms on both sides of a cut is lost on one',
  () => {
    const knobs = { queue: 'mirrored' };
    const search = lesson(mirroredAndQuorum, ['calm'], { knobs, kinds: ['isolate'], depth: 1 });
    expect(schedule(search)).toEqual(['isolate rabbit-1']);
    expect(search.found!.broken).toMatchObject({ kind: 'measure', name: 'lost' });
  },
  MINUTES,
);

test(
  'rabbitmq: explore: a quorum queue loses nothing to any fault of one node',
  () => {
    const kinds = ['power', 'crash', 'isolate'] as const;
    const subject = { knobs: { queue: 'quorum' }, kinds, depth: 1 };
    const { found, coverage } = lesson(mirroredAndQuorum, ['declared', 'more'], subject);
    expect(found).toBeNull();
    const { tried, left, unsettled, isWhole } = coverage;
    expect({ tried, left, unsettled, isWhole }).toEqual({
      ...{ tried: 19, left: 0, unsettled: 0, isWhole: true },
    });
  },
  MINUTES,
);

test('rabbitmq: explore: power takes what classic queues confirmed, nothing of quorum ones', () => {
  const points = ['first', 'calm'];
  const of = (type: string) => {
    const knobs = { 'x-queue-type': type };
    return lesson(persistence, points, { knobs, kinds: ['power'], depth: 2 });
  };
  const classic = of('classic');
  expect(schedule(classic)).toEqual(['power rabbit-1']);
  expect(classic.found!.broken).toEqual({ kind: 'measure', name: 'lost', value: 1 });
  const quorum = of('quorum');
  expect(quorum.found).toBeNull();
  expect(quorum.coverage).toMatchObject({ isWhole: true, left: 0, unsettled: 0 });
});

test('rabbitmq: explore: a node that is killed keeps what it confirmed to who waits', () => {
  const points = ['first', 'calm', 'under-way'];
  const search = lesson(publisherConfirms, points, { knobs: {}, kinds: ['crash'], depth: 2 });
  expect(search.found).toBeNull();
  expect(search.coverage).toMatchObject({ isWhole: true, left: 0, unsettled: 0 });
});

test('rabbitmq: explore: a worker that dies loses what was acknowledged as it was sent', () => {
  const of = (acknowledgement: string) => {
    const subject = { knobs: { acknowledgement }, kinds: ['crash'], depth: 2 } as const;
    return lesson(consumerAcks, ['first', 'at-work'], subject);
  };
  const automatic = of('automatic');
  expect(schedule(automatic)).toEqual(['crash worker-1']);
  expect(automatic.found!.broken).toEqual({ kind: 'measure', name: 'lost', value: 12 });
  const manual = of('after the work');
  expect(manual.found).toBeNull();
  expect(manual.coverage).toMatchObject({ isWhole: true, left: 0, unsettled: 0 });
});

test('rabbitmq: explore: among nodes a partition is an isolation, and told as such', () => {
  const exploration = mirroredAndQuorum.exploration!;
  const kindsOf = (kinds: readonly FaultKind[]) => [
    ...new Set(choicesOf(exploration, kinds).map(({ kind }) => kind)),
  ];
  expect(kindsOf(['isolate', 'partition'])).toEqual(['isolate']);
  expect(kindsOf(['partition'])).toEqual(['partition']);
  const subject = { knobs: { queue: 'mirrored' }, kinds: ['partition'], depth: 1 } as const;
  const search = lesson(mirroredAndQuorum, ['calm'], subject);
  const { experiment: searched, choices, found } = search;
  const told = counterexampleOf(searched, search.subject, choices, found!);
  expect(told.faults[0]!.text.en).toBe(
    'When the first ten orders are confirmed: rabbit-1 is cut off from the other nodes; ' +
      'clients still reach it.',
  );
  expect(told.lost.length).toBeGreaterThan(0);
});

test('rabbitmq: explore: a search sees what mirrors and members have behind their leader', () => {
  const behind = (queue: string) => {
    const run = new Run(mirroredAndQuorum, { knobs: { queue, fault: 'none' } });
    expect(run.runToFirstPoint(['calm'])).toBe('calm');
    const node = run.world.hostNamed('rabbit-2')!.process!;
    return JSON.stringify(node.replicas!());
  };
  expect(behind('mirrored')).toContain('{"count":10,"isSynchronised":true}');
  expect(behind('quorum')).toContain('"role":"Follower"');
});

test('rabbitmq: sweep: of both queues, the mirrored one loses to a partition', () => {
  const { runs } = new Sweep(mirroredAndQuorum, {
    over: ['queue'],
    knobs: { fault: 'partition' },
  }).finish();
  expect(runs.map(({ chosen, measures }) => [chosen['queue'], measures['lost']! > 0])).toEqual([
    ['mirrored', true],
    ['quorum', false],
  ]);
});
