/** Which node a new queue of a cluster is on: by its argument, a policy, or the node's setting. */
import { describe, expect, test } from 'vitest';
import { longstr } from '#engine/rabbitmq/field-table.ts';
import type { RabbitNodeOptions } from '#engine/rabbitmq/node.ts';
import type { ProfileName } from '#engine/rabbitmq/profiles.ts';
import { classicQueues } from '#engine/rabbitmq/queue/classic-queue-type.ts';
import type { PolicyDefinition } from '#engine/rabbitmq/queue/queue-settings.ts';
import { quorumQueues } from '#engine/rabbitmq/quorum/quorum-queue-type.ts';
import { RabbitCluster } from './rabbit-cluster.ts';

type Arguments = Readonly<Record<string, string>>;

const LEADER = 'x-queue-leader-locator';
const MASTER = 'x-queue-master-locator';
const QUORUM = { 'x-queue-type': 'quorum' };

class Declaring {
  readonly cluster: RabbitCluster;

  constructor(release: ProfileName, settings: Partial<RabbitNodeOptions> = {}) {
    const queueTypes = [classicQueues, quorumQueues];
    this.cluster = new RabbitCluster({ queueTypes, ...settings }, release);
  }

  /** What a client of rabbit-1 hears. */
  declare(name: string, args: Arguments = {}, exclusive = false): readonly string[] {
    const table = Object.entries(args).map(([key, value]) => ({
      name: key,
      value: longstr(value),
    }));
    const channel = this.cluster.channel('rabbit-1');
    return channel.declare(name, { arguments: table, exclusive }).after(3);
  }

  /** `q1: 2`: the leader of q1 is rabbit-2. */
  leaders(): readonly string[] {
    const rows = [...this.cluster.node('rabbit-1').metadata.tables.rows('rabbit_queue')];
    return rows.map(({ record }) => `${record.declaration.name}: ${record.leader.at(-1)}`);
  }

  policy(definition: PolicyDefinition): void {
    const policy = { name: 'p', pattern: '', definition, priority: 0, applyTo: 'queues' } as const;
    this.cluster.world.command('rabbit-1', 'policy', () => {
      const { administration } = this.cluster.node('rabbit-1');
      administration.setPolicy('/', policy, 'user', (wrong) => expect(wrong).toBeNull());
    });
    this.cluster.advance(2);
  }
}

describe('rabbitmq: cluster: where a new queue is', () => {
  test.each<[ProfileName, Arguments]>([
    ['rabbitmq-3.13', { [MASTER]: 'min-masters' }],
    ['rabbitmq-4.0', { [LEADER]: 'balanced' }],
    ['rabbitmq-4.0', { [MASTER]: 'min-masters' }],
    ['rabbitmq-4.3', { [LEADER]: 'least-leaders' }],
  ])('rabbitmq: location: %s: %o: on the node that leads the fewest', (release, args) => {
    const at = new Declaring(release);
    at.declare('a');
    at.declare('b', { [release === 'rabbitmq-3.13' ? MASTER : LEADER]: 'client-local' });
    for (const name of ['c', 'd', 'e', 'f', 'g']) {
      expect(at.declare(name, args)).toEqual([
        `declare: {"queue":"${name}","messageCount":0,"consumerCount":0}`,
      ]);
    }
    expect(at.leaders()).toEqual(['a: 1', 'b: 1', 'c: 2', 'd: 3', 'e: 2', 'f: 3', 'g: 1']);
    const channel = at.cluster.channel('rabbit-1').confirming().publish('c', 'm');
    expect(channel.after(2)).toEqual(['ack 1']);
    const consumer = at.cluster.channel('rabbit-3').consume('c', 'tag');
    expect(consumer.after(2)).toEqual(['consume: "tag"', 'tag: m']);
  });

  test('rabbitmq: location: an exclusive queue is on the node of its connection', () => {
    const at = new Declaring('rabbitmq-4.0');
    at.declare('a');
    at.declare('b', { [LEADER]: 'balanced' }, true);
    expect(at.leaders()).toEqual(['a: 1', 'b: 1']);
  });

  test('rabbitmq: location: a node that is down leads nothing new', () => {
    const at = new Declaring('rabbitmq-4.0');
    at.declare('a');
    at.cluster.inject({ fault: 'crash', host: 'rabbit-2' });
    at.cluster.advance(10);
    at.declare('b', { [LEADER]: 'balanced' });
    at.declare('c', { [LEADER]: 'balanced' });
    expect(at.leaders()).toEqual(['a: 1', 'b: 3', 'c: 1']);
  });

  test('rabbitmq: location: until 3.13 an argument comes before a policy, since then after', () => {
    const old = new Declaring('rabbitmq-3.13');
    old.policy({ 'queue-master-locator': 'min-masters' });
    const now = new Declaring('rabbitmq-4.0');
    now.policy({ 'queue-leader-locator': 'balanced' });
    for (const [at, key] of [
      [old, MASTER],
      [now, LEADER],
    ] as const) {
      at.declare('a');
      at.declare('b', { [key]: 'client-local' });
    }
    expect(old.leaders()).toEqual(['a: 1', 'b: 1']);
    expect(now.leaders()).toEqual(['a: 1', 'b: 2']);
    old.declare('c', { [MASTER]: 'nowhere' });
    expect(old.leaders().at(-1)).toBe('c: 2');
  });

  test('rabbitmq: location: in 3.13 a policy with queue-leader-locator is for others', () => {
    const at = new Declaring('rabbitmq-3.13', { queueLeaderLocator: 'balanced' });
    at.policy({ 'queue-leader-locator': 'client-local', 'queue-master-locator': 'client-local' });
    at.declare('a');
    at.declare('b');
    // It is as if there were no policy, so the node's setting holds.
    expect(at.leaders()).toEqual(['a: 1', 'b: 2']);
  });

  test('rabbitmq: location: leaders of quorum queues are balanced among themselves', () => {
    const at = new Declaring('rabbitmq-3.13', { queueLeaderLocator: 'balanced' });
    // Classic queues do not count.
    at.declare('x', { [MASTER]: 'client-local' });
    for (const name of ['a', 'b', 'c']) at.declare(name, QUORUM);
    at.declare('d', { ...QUORUM, [LEADER]: 'client-local' });
    expect(at.leaders()).toEqual(['x: 1', 'a: 1', 'b: 2', 'c: 3', 'd: 1']);
  });

  test('rabbitmq: location: what a release and a type do not know is refused', () => {
    const denied =
      'declare: 541 Feature `queue_master_locator` is deprecated.\n' +
      'By default, this feature is not permitted anymore.';
    expect(new Declaring('rabbitmq-4.3').declare('q', { [MASTER]: 'min-masters' })).toEqual([
      denied,
    ]);
    const old = new Declaring('rabbitmq-3.13');
    const invalid = (key: string, type: string): string =>
      `declare: 406 invalid arg '${key}' for queue 'q' in vhost '/' of queue type ${type}`;
    expect(old.declare('q', { [LEADER]: 'balanced' })).toEqual([
      invalid(LEADER, 'rabbit_classic_queue'),
    ]);
    expect(old.declare('q', { ...QUORUM, [MASTER]: 'min-masters' })).toEqual([
      invalid(MASTER, 'rabbit_quorum_queue'),
    ]);
  });
});
