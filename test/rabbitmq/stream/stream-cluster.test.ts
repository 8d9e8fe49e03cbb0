/** A stream in a cluster of real nodes: their links, their metadata, channels on all of them. */
import { expect, test } from 'vitest';
import { classicQueues } from '#engine/rabbitmq/queue/classic-queue-type.ts';
import { streams } from '#engine/rabbitmq/stream/stream-type.ts';
import type { FieldTable } from '#engine/wire/amqp/field-table.ts';
import { type ClusterChannel, RabbitCluster } from '../cluster/rabbit-cluster.ts';

const STREAM: FieldTable = [{ name: 'x-queue-type', value: { type: 'longstr', value: 'stream' } }];
const FIRST: FieldTable = [{ name: 'x-stream-offset', value: { type: 'longstr', value: 'first' } }];

function declare(channel: ClusterChannel): readonly string[] {
  const queue = { queue: 's', passive: false, durable: true, exclusive: false, autoDelete: false };
  return channel
    .do((session, answer) =>
      session.declareQueue({ ...queue, arguments: STREAM }, answer('declare')),
    )
    .after(2);
}

function consume(channel: ClusterChannel, consumerTag: string): readonly string[] {
  const args = { queue: 's', consumerTag, noAck: false, exclusive: false, arguments: FIRST };
  return channel
    .do((session, answer) => {
      session.setPrefetch({ prefetchSize: 0, prefetchCount: 100, global: false });
      session.consume(args, answer('consume'));
    })
    .after(2);
}

test('rabbitmq: stream: published and read on any node, while a minority fails', () => {
  const cluster = new RabbitCluster({ queueTypes: [classicQueues, streams] });
  const near = cluster.channel('rabbit-1').confirming();
  expect(declare(near)).toEqual(['declare: {"queue":"s","messageCount":0,"consumerCount":0}']);
  const far = cluster.channel('rabbit-2').confirming();
  expect(near.publish('s', 'm0').after(1)).toEqual(['ack 1']);
  expect(far.publish('s', 'm1').after(1)).toEqual(['ack 1']);
  const reader = cluster.channel('rabbit-3');
  expect(consume(reader, 'c')).toEqual(['consume: "c"', 'c: m0', 'c: m1']);

  cluster.inject({ fault: 'crash', host: 'rabbit-2' });
  cluster.advance(2);
  expect(near.publish('s', 'm2').after(2)).toEqual(['ack 2']);
  expect(reader.after(1)).toEqual(['c: m2']);

  // With one of three nothing is committed, hence nothing confirmed.
  cluster.inject({ fault: 'crash', host: 'rabbit-3' });
  cluster.advance(2);
  expect(near.publish('s', 'm3').after(5)).toEqual([]);
  cluster.inject({ fault: 'start', host: 'rabbit-2' });
  cluster.advance(10);
  expect(near.after(1)).toEqual(['ack 3']);
  expect(consume(cluster.channel('rabbit-2'), 'd').slice(1)).toEqual(
    ['m0', 'm1', 'm2', 'm3'].map((body) => `d: ${body}`),
  );
});

test('rabbitmq: stream: deleted while a node is down, it leaves nothing there', () => {
  const cluster = new RabbitCluster({ queueTypes: [classicQueues, streams] });
  const channel = cluster.channel('rabbit-1');
  declare(channel);
  const files = (): number => cluster.world.hostNamed('rabbit-3')!.disk.list('stream').length;
  expect(files()).toBeGreaterThan(0);
  cluster.inject({ fault: 'crash', host: 'rabbit-3' });
  cluster.advance(2);
  channel.do((session, answer) => {
    session.deleteQueue({ queue: 's', ifUnused: false, ifEmpty: false }, answer('delete'));
  });
  cluster.advance(2);
  cluster.inject({ fault: 'start', host: 'rabbit-3' });
  cluster.advance(10);
  expect(files()).toBe(0);
});

test('R1: stream: the writer goes with its node, what was confirmed is read and added to', () => {
  const cluster = new RabbitCluster({ queueTypes: [classicQueues, streams] });
  declare(cluster.channel('rabbit-1'));
  const [near, far] = (['rabbit-2', 'rabbit-3'] as const).map((node) =>
    cluster.channel(node).confirming(),
  );
  expect(near!.publish('s', 'm0').after(1)).toEqual(['ack 1']);
  cluster.inject({ fault: 'crash', host: 'rabbit-1' });
  expect(far!.publish('s', 'm1').after(5)).toEqual(['ack 1']);
  expect(consume(cluster.channel('rabbit-2'), 'c').slice(1)).toEqual(['c: m0', 'c: m1']);
  const [began] = cluster.traced('stream-writer-began').slice(-1);
  expect(began).toMatch(/^rabbit-[23]: s, 2, 1$/);
  const leaders = (['rabbit-2', 'rabbit-3'] as const).map((node) => {
    const rows = [...cluster.node(node).metadata.tables.rows('rabbit_queue')];
    return rows.map(({ record }) => record.leader).join();
  });
  expect(leaders).toEqual([began!.slice(0, 8), began!.slice(0, 8)]);
  cluster.inject({ fault: 'start', host: 'rabbit-1' });
  cluster.advance(10);
  expect(consume(cluster.channel('rabbit-1'), 'd').slice(1)).toEqual(['d: m0', 'd: m1']);
});
