/** A quorum queue declared by a client of a real cluster of three nodes, over Erlang's wire. */
import { describe, expect, test } from 'vitest';
import { classicQueues } from '#engine/rabbitmq/queue/classic-queue-type.ts';
import type { QuorumQueue } from '#engine/rabbitmq/quorum/quorum-queue.ts';
import { quorumQueues } from '#engine/rabbitmq/quorum/quorum-queue-type.ts';
import { type ClusterChannel, MEMBERS, RabbitCluster } from '../cluster/rabbit-cluster.ts';

const declare = (channel: ClusterChannel): ClusterChannel =>
  channel.do((session, answer) => {
    const method = { queue: 'q', passive: false, durable: true, exclusive: false };
    session.declareQueue(
      {
        ...{ ...method, autoDelete: false },
        arguments: [{ name: 'x-queue-type', value: { type: 'longstr', value: 'quorum' } }],
      },
      answer('declare'),
    );
  });
const purge = (channel: ClusterChannel): ClusterChannel =>
  channel.do((session, answer) => session.purgeQueue({ queue: 'q' }, answer('purge')));
const remove = (channel: ClusterChannel): ClusterChannel =>
  channel.do((session, answer) => {
    session.deleteQueue({ queue: 'q', ifUnused: false, ifEmpty: false }, answer('delete'));
  });

const cluster = (): RabbitCluster =>
  new RabbitCluster({ queueTypes: [classicQueues, quorumQueues] });
const declared = 'declare: {"queue":"q","messageCount":0,"consumerCount":0}';

describe('rabbitmq: quorum queue of a cluster', () => {
  test('declared on one node, published to on another, consumed from on the third', () => {
    const rabbit = cluster();
    expect(declare(rabbit.channel('rabbit-1')).after(3)).toEqual([declared]);
    const publisher = rabbit.channel('rabbit-2').confirming().publish('q', 'a', 'b');
    expect(publisher.after(2)).toEqual(['ack 1', 'ack 2']);
    const consumer = rabbit.channel('rabbit-3').consume('q', 'c');
    expect(consumer.after(2)).toEqual(['consume: "c"', 'c: a', 'c: b']);
    const views = MEMBERS.flatMap((name) => rabbit.node(name).vhosts.get('/')!.inspect().queues);
    expect(views).toHaveLength(1);
    expect(views[0]).toMatchObject({ type: 'quorum', ready: 0, unacknowledged: 2, consumers: 1 });
  });

  test('the node of the leader dies: publishes are confirmed, consumers go on', () => {
    const rabbit = cluster();
    declare(rabbit.channel('rabbit-1')).after(3);
    const publisher = rabbit.channel('rabbit-2').confirming().publish('q', 'a');
    const consumer = rabbit.channel('rabbit-3').consume('q', 'c');
    consumer.after(2);
    publisher.after(0);
    rabbit.inject({ fault: 'power', host: 'rabbit-1' });
    publisher.publish('q', 'b', 'c');
    expect(publisher.after(30)).toEqual(['ack 2', 'ack 3']);
    expect(consumer.after(1)).toEqual(['c: b', 'c: c']);
    rabbit.inject({ fault: 'start', host: 'rabbit-1' });
    rabbit.advance(20);
    // The metadata says who leads now, on each node.
    const leaders = MEMBERS.map((name) => {
      const [row] = [...rabbit.node(name).metadata.tables.rows('rabbit_queue')];
      return row!.record.leader;
    });
    expect(new Set(leaders).size).toBe(1);
    expect(leaders[0]).not.toBe('rabbit-1');
    const back = rabbit.channel('rabbit-1').consume('q', 'd');
    expect(back.after(3)).toEqual(['consume: "d"']);
  });

  test('all nodes lose power: what was confirmed is there again', () => {
    const rabbit = cluster();
    declare(rabbit.channel('rabbit-1')).after(3);
    const publisher = rabbit.channel('rabbit-2').confirming().publish('q', 'a', 'b', 'c');
    expect(publisher.after(2)).toEqual(['ack 1', 'ack 2', 'ack 3']);
    for (const host of MEMBERS) rabbit.inject({ fault: 'power', host, unsynced: 'lost' });
    for (const host of MEMBERS) rabbit.inject({ fault: 'start', host });
    rabbit.advance(30);
    const consumer = rabbit.channel('rabbit-2').consume('q', 'c');
    expect(consumer.after(5)).toEqual(['consume: "c"', 'c: a', 'c: b', 'c: c']);
  });

  test('a queue that is deleted while a node is down leaves nothing there when it starts', () => {
    const rabbit = cluster();
    const channel = rabbit.channel('rabbit-1');
    declare(channel).after(3);
    channel.publish('q', 'a').after(2);
    const files = (): readonly string[] =>
      rabbit.world
        .hostNamed('rabbit-3')!
        .disk.list('quorum/rabbit-3')
        .filter((name) => !name.endsWith('.wal'));
    expect(files().length).toBeGreaterThan(0);
    rabbit.inject({ fault: 'crash', host: 'rabbit-3' });
    rabbit.advance(5);
    remove(channel).after(5);
    rabbit.inject({ fault: 'start', host: 'rabbit-3' });
    rabbit.advance(20);
    expect(files()).toEqual([]);
  });

  test('a queue that is declared again while a node is down meets no old log there', () => {
    const rabbit = cluster();
    const channel = rabbit.channel('rabbit-1');
    declare(channel).after(3);
    channel.publish('q', 'a', 'b', 'c').after(2);
    const folders = () => {
      const files = rabbit.world.hostNamed('rabbit-3')!.disk.list('quorum/rabbit-3');
      return files.flatMap((path) => (path.endsWith('/config') ? [path] : []));
    };
    const before = folders();
    expect(before).toHaveLength(1);
    rabbit.inject({ fault: 'crash', host: 'rabbit-3' });
    rabbit.advance(5);
    remove(channel).after(5);
    expect(declare(channel).after(10)).toContain(declared);
    channel.confirming().publish('q', 'd');
    expect(channel.after(3)).toEqual(['ack 1']);
    rabbit.inject({ fault: 'start', host: 'rabbit-3' });
    rabbit.advance(20);
    expect(folders()).toHaveLength(1);
    expect(folders()).not.toEqual(before);
    const replicas = MEMBERS.map((name) => {
      const queue = rabbit.node(name).vhosts.get('/')!.queues.get('q') as QuorumQueue;
      return [queue.machine!.readyCount, queue.server!.inspect().endOffset];
    });
    expect(replicas[0]![0]).toBe(1);
    expect(replicas).toEqual([replicas[0], replicas[0], replicas[0]]);
  });

  test('purged and deleted from a node that does not lead, and declared again', () => {
    const rabbit = cluster();
    declare(rabbit.channel('rabbit-1')).after(3);
    const other = rabbit.channel('rabbit-3').publish('q', 'a', 'b');
    other.after(2);
    expect(purge(other).after(2)).toEqual(['purge: 2']);
    other.publish('q', 'c').after(1);
    expect(remove(other).after(3)).toEqual(['delete: 1']);
    expect(declare(other).after(5)).toEqual([declared]);
    expect(other.confirming().publish('q', 'd').after(3)).toEqual(['ack 1']);
    expect(other.consume('q', 'c').after(3)).toEqual(['consume: "c"', 'c: d']);
  });
});
