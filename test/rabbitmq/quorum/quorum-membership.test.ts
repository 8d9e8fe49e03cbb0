/** Members of a quorum queue that come and go, in a cluster of three nodes. */
import { describe, expect, test } from 'vitest';
import { classicQueues } from '#engine/rabbitmq/queue/classic-queue-type.ts';
import { QuorumMembership } from '#engine/rabbitmq/quorum/quorum-membership.ts';
import { QuorumQueue } from '#engine/rabbitmq/quorum/quorum-queue.ts';
import { quorumQueues } from '#engine/rabbitmq/quorum/quorum-queue-type.ts';
import { MEMBERS, type Member, RabbitCluster } from '../cluster/rabbit-cluster.ts';

class Story {
  readonly rabbit = new RabbitCluster({ queueTypes: [classicQueues, quorumQueues] });

  /** Declares `q` with so many members on rabbit-1, and publishes to it. */
  constructor(members: number) {
    const channel = this.rabbit.channel('rabbit-1').confirming();
    channel.do((session, answer) => {
      const method = { queue: 'q', passive: false, durable: true, exclusive: false };
      const args = [
        { name: 'x-queue-type', value: { type: 'longstr', value: 'quorum' } },
        { name: 'x-quorum-initial-group-size', value: { type: 'signedint', value: members } },
      ] as const;
      session.declareQueue({ ...method, autoDelete: false, arguments: args }, answer('declare'));
    });
    channel.after(3);
    expect(channel.publish('q', 'a', 'b').after(2)).toEqual(['ack 1', 'ack 2']);
  }

  queueOn(node: Member): QuorumQueue {
    const queue = this.rabbit.node(node).vhosts.get('/')!.queues.get('q');
    if (!(queue instanceof QuorumQueue)) throw new Error(`no quorum queue on ${node}`);
    return queue;
  }

  /** The nodes that vote, as the leader has it. */
  get voters(): readonly string[] {
    const leader = MEMBERS.find((node) => this.queueOn(node).server?.isLeader === true)!;
    return [...this.queueOn(leader).server!.members].sort();
  }

  /** The answer, after half a minute at most. */
  ask(
    at: Member,
    run: (membership: QuorumMembership, done: (problem: string | null) => void) => void,
  ): string | null | undefined {
    let answer: string | null | undefined;
    this.rabbit.world.command(at, 'membership', () => {
      const vhost = this.rabbit.node(at).vhosts.get('/')!;
      run(new QuorumMembership(vhost), (problem) => (answer = problem));
    });
    this.rabbit.advance(30);
    return answer;
  }
}

describe('rabbitmq: quorum: members', () => {
  test('a queue of one grows to three, and survives its first node', () => {
    const story = new Story(1);
    expect(story.voters).toEqual(['rabbit-1']);
    expect(story.ask('rabbit-2', (of, done) => of.grow('rabbit-2', 'all', done))).toBeNull();
    expect(story.ask('rabbit-1', (of, done) => of.grow('rabbit-3', 'even', done))).toBeNull();
    expect(story.voters).toEqual([...MEMBERS]);
    story.rabbit.inject({ fault: 'power', host: 'rabbit-1' });
    story.rabbit.advance(20);
    const consumer = story.rabbit.channel('rabbit-2').consume('q', 'c');
    expect(consumer.after(3)).toEqual(['consume: "c"', 'c: a', 'c: b']);
  });

  test('a member that goes leaves nothing on its disk; the last one stays', () => {
    const story = new Story(2);
    const [leader, other] = MEMBERS.filter((node) => story.voters.includes(node));
    expect(story.ask('rabbit-3', (of, done) => of.shrink(leader!, done))).toBeNull();
    expect(story.voters).toEqual([other]);
    const files = story.rabbit.world.hostNamed(leader!)!.disk.list(`quorum/${leader!}`);
    expect(files.filter((name) => !name.endsWith('.wal'))).toEqual([]);
    expect(story.ask('rabbit-3', (of, done) => of.delete('q', other!, done))).toBe('last_node');
    const consumer = story.rabbit.channel(leader!).consume('q', 'c');
    expect(consumer.after(3)).toEqual(['consume: "c"', 'c: a', 'c: b']);
  });

  test('what cannot be is refused, and what is so already is done', () => {
    const story = new Story(1);
    expect(story.ask('rabbit-1', (of, done) => of.add('x', 'rabbit-2', done))).toBe('not_found');
    expect(story.ask('rabbit-1', (of, done) => of.add('q', 'rabbit-1', done))).toBeNull();
    expect(story.ask('rabbit-1', (of, done) => of.delete('q', 'rabbit-3', done))).toBeNull();
    story.rabbit.inject({ fault: 'power', host: 'rabbit-3' });
    story.rabbit.advance(20);
    const refused = story.ask('rabbit-1', (of, done) => of.add('q', 'rabbit-3', done));
    expect(refused).toBe('node_not_running');
  });
});
