/** What the checkers see of a confirm in a cluster (R1): how many nodes have the message. */
import { describe, expect, test } from 'vitest';
import { ConfirmedCopies } from '../../engine/lab/check/rabbitmq/confirmed-copies.ts';
import { RabbitCluster } from '../../engine/lab/rabbitmq.ts';
import { onRaft } from '../../engine/lab/rabbitmq-quorum.ts';
import { experiment } from '../../engine/lab/experiment.ts';
import { Run } from '../../engine/lab/run.ts';
import type { ProfileName } from '../../engine/rabbitmq/profiles.ts';
import type { MirroredQueue } from '../../engine/rabbitmq/cluster/mirror/mirrored-queue.ts';
import type { StreamQueue } from '../../engine/rabbitmq/stream/stream-queue.ts';
import type { RabbitNode } from '../../engine/rabbitmq/node.ts';
import { streams } from '../../engine/rabbitmq/stream/stream-type.ts';

const title = { en: 'A step', zh: '一步' };
const NODES = ['rabbit-1', 'rabbit-2', 'rabbit-3'];

interface Seen {
  readonly copies: ConfirmedCopies;
  readonly run: Run;
}

/** Three nodes with one queue that has taken one message, which is confirmed. */
function confirmedIn(type: string, profile: ProfileName): Seen {
  let rabbit: RabbitCluster;
  const story = experiment({
    id: 'confirmed-copies',
    knobs: {},
    world: ({ lab }) => {
      const queueTypes = [...onRaft.queueTypes, streams];
      rabbit = new RabbitCluster(lab, { ...onRaft, queueTypes, nodes: 3, profile });
      return { rabbit };
    },
    steps: [
      { id: 'start', title, until: ({ rabbit: of }) => of.allRunning, timeLimitMs: 60_000 },
      {
        id: 'declare',
        title,
        do: ({ rabbit: of }) => {
          if (type === 'mirrored') {
            const definition = { 'ha-mode': 'all' };
            of.setPolicy({ name: 'ha', pattern: '', definition, priority: 0, applyTo: 'queues' });
          }
          const args = type === 'mirrored' ? {} : { 'x-queue-type': type };
          of.declare({ queues: [{ queue: 'orders', durable: true, arguments: args }] });
          of.addPublisher('publisher-1', { node: 2 });
        },
        until: () => false,
        timeLimitMs: 5000,
      },
      {
        id: 'publish',
        title,
        do: ({ rabbit: of }) => of.publish('publisher-1', { routingKey: 'orders' }),
        until: ({ rabbit: of }) => of.allTold,
        timeLimitMs: 10_000,
      },
      { id: 'rest', title, until: () => false, timeLimitMs: 10 },
    ],
    settle: RabbitCluster.settle(),
    measures: () => ({}),
    proofs: {},
  });
  const run = new Run(story, { knobs: {}, seed: 1, invariants: 'always' });
  while (run.step !== 'rest') run.advance();
  expect(run.history.sent[0]?.outcome).toBe('acknowledged');
  const copies = new ConfirmedCopies(NODES, (node) => processOf(run, node));
  return { copies, run };
}

const processOf = (run: Run, node: string): RabbitNode => run.lab.host(node).process as RabbitNode;

function queuesOf<Q>(run: Run): readonly Q[] {
  return NODES.map((node) => processOf(run, node).vhosts.get('/')!.queues.get('orders') as Q);
}

describe('lab: R1 in a cluster', () => {
  test('a message of a quorum queue is on the disks of a majority, and another is not', () => {
    const { copies } = confirmedIn('quorum', 'rabbitmq-4.3');
    expect(copies.confirmed('orders', 'm1')).toBeNull();
    expect(copies.confirmed('orders', 'm2')).toBe(
      'm2 is confirmed, and of orders the members [] of 3 have it',
    );
  });

  test('what a stream calls committed is in the logs of a majority', () => {
    const { copies, run } = confirmedIn('stream', 'rabbitmq-4.3');
    expect(copies.confirmed('orders', 'm1')).toBeNull();
    // Two of three lose it unseen: what is committed is in one log.
    for (const replica of queuesOf<StreamQueue>(run).slice(1)) {
      Object.defineProperty(replica, 'member', { value: { committed: 1, log: { nextOffset: 0 } } });
    }
    const anew = new ConfirmedCopies(NODES, (node) => processOf(run, node));
    expect(anew.confirmed('orders', 'm1')).toBe('orders is committed to 1, and 1 of 3 have that');
  });

  test('a mirror that is synchronised has what was confirmed', () => {
    const { copies, run } = confirmedIn('mirrored', 'rabbitmq-3.12');
    expect(copies.confirmed('orders', 'm1')).toBeNull();
    const mirror = queuesOf<MirroredQueue>(run).find(({ isHere }) => !isHere)!;
    Object.defineProperty(mirror, 'copies', { value: [] });
    expect(copies.confirmed('orders', 'm1')).toMatch(
      /^m1 is confirmed, and rabbit-\d has a mirror of orders without it$/,
    );
  });
});
