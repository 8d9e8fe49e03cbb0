/**
 * Quorum queues of a time when nobody told two of one name apart: neither their records nor the
 * configurations of their members on disk have an id.
 */
import { describe, expect, test } from 'vitest';
import { classicQueues } from '#engine/rabbitmq/queue/classic-queue-type.ts';
import type { QueueRecord } from '#engine/rabbitmq/queue/queue-types.ts';
import type { QuorumQueue } from '#engine/rabbitmq/quorum/quorum-queue.ts';
import { quorumQueues } from '#engine/rabbitmq/quorum/quorum-queue-type.ts';
import { MEMBERS, RabbitCluster } from '../cluster/rabbit-cluster.ts';

const RECORD: QueueRecord = {
  type: 'quorum',
  leader: 'rabbit-1',
  members: MEMBERS,
  declaration: {
    ...{ name: 'q', durable: true, exclusiveOwner: null, autoDelete: false },
    arguments: [{ name: 'x-queue-type', value: { type: 'longstr', value: 'quorum' } }],
  },
};

function declared(record: QueueRecord): RabbitCluster {
  const rabbit = new RabbitCluster({ queueTypes: [classicQueues, quorumQueues] });
  const { metadata } = rabbit.node('rabbit-1');
  rabbit.world.command('rabbit-1', 'declare', () =>
    metadata.commit({ kind: 'declare-queue', vhost: '/', record }, () => {}),
  );
  rabbit.advance(3);
  const channel = rabbit.channel('rabbit-2').confirming().publish('q', 'a', 'b');
  expect(channel.after(3)).toEqual(['ack 1', 'ack 2']);
  return rabbit;
}

/** All nodes end; their members' configurations are as an earlier release wrote them. */
function restarted(rabbit: RabbitCluster): void {
  for (const host of MEMBERS) rabbit.inject({ fault: 'crash', host });
  for (const host of MEMBERS) {
    const { disk } = rabbit.world.hostNamed(host)!;
    const configs = disk.list(`quorum/${host}`).filter((path) => path.endsWith('/config'));
    expect(configs).toHaveLength(1);
    const file = disk.open(`quorum/${host}/${configs[0]!}`);
    const text = Buffer.from(file.read(0, file.size())).toString();
    expect(text).toContain('"queue":');
    const { queue: _, ...old } = JSON.parse(text) as Record<string, unknown>;
    file.truncate(0);
    file.write(0, Uint8Array.from(Buffer.from(JSON.stringify(old))));
    rabbit.inject({ fault: 'start', host });
  }
  rabbit.advance(40);
}

const counts = (rabbit: RabbitCluster): readonly number[] =>
  MEMBERS.map((name) => {
    const queue = rabbit.node(name).vhosts.get('/')!.queues.get('q') as QuorumQueue;
    return queue.machine!.readyCount;
  });

describe('rabbitmq: quorum queues without an id', () => {
  test('rabbitmq: quorum: a log that names no queue is that of one without an id', () => {
    const rabbit = declared(RECORD);
    restarted(rabbit);
    expect(counts(rabbit)).toEqual([2, 2, 2]);
    const consumer = rabbit.channel('rabbit-3').consume('q', 'c');
    expect(consumer.after(5)).toEqual(['consume: "c"', 'c: a', 'c: b']);
  });

  test('rabbitmq: quorum: it is none of a queue of the name that has an id', () => {
    const rabbit = declared({ ...RECORD, id: 7 });
    restarted(rabbit);
    expect(counts(rabbit)).toEqual([0, 0, 0]);
  });
});
