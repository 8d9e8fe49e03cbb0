/**
 * Members of quorum queues that come and go, as `rabbitmq-queues add_member`, `delete_member`,
 * `grow` and `shrink` have it.
 *
 *     add: the metadata names the node -> it begins as an observer -> caught up -> it votes
 *     delete: it votes no more -> the metadata does not name it -> its files go
 *
 * Source: `rabbit_quorum_queue:add_member`, `delete_member`, `grow`, `shrink_all`. Difference: a
 * new member votes when it has caught up, there at once. Not here: the change itself
 * (`consensus/`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Clock } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import type { Done } from '../administration.ts';
import type { VirtualHost } from '../vhost/virtual-host.ts';
import { QuorumQueue } from './quorum-queue.ts';

/** A new member is asked so often whether it has caught up, this long apart. */
const ATTEMPTS_MAX = 60;
const RETRY_MS = 500;
/** What passes: another change is not committed, nobody leads, the new one is behind. */
const PASSING: ReadonlySet<string> = new Set(['NOT_CAUGHT_UP', 'CHANGE_IN_PROGRESS', 'TIMED_OUT']);

export class QuorumMembership {
  readonly #vhost: VirtualHost;
  readonly #clock: Clock;

  constructor(vhost: VirtualHost) {
    this.#vhost = vhost;
    this.#clock = vhost.context.ports.clock;
  }

  /** Null at the end, also where it is a member already; else what is wrong. */
  add(name: string, node: string, done: Done): void {
    const queue = this.#queueNamed(name);
    if (typeof queue === 'string') return done(queue);
    if (!this.#vhost.context.links.isConnected(node)) return done('node_not_running');
    const { members } = queue.cluster;
    if (members.includes(node)) return done(null);
    this.#name(queue, [...members, node], (problem) => {
      if (problem !== null) return done(problem);
      this.#change(queue, 'add', node, (refused) => {
        if (refused === null) return done(null);
        this.#name(queue, members, () => done(refused));
      });
    });
  }

  /** Null at the end, also where it is no member. The last one cannot go. */
  delete(name: string, node: string, done: Done): void {
    const queue = this.#queueNamed(name);
    if (typeof queue === 'string') return done(queue);
    const { members } = queue.cluster;
    if (!members.includes(node)) return done(null);
    const left = members.filter((member) => member !== node);
    if (left.length === 0) return done('last_node');
    this.#change(queue, 'remove', node, (refused) => {
      if (refused !== null) done(refused);
      else this.#name(queue, left, done);
    });
  }

  /**
   * A member on the node for all quorum queues, or for those that have an even number of them; of
   * the names that are meant.
   */
  grow(
    node: string,
    strategy: 'all' | 'even',
    done: Done,
    isNamed: (queue: string) => boolean = () => true,
  ): void {
    const isChosen = ({ name, cluster: { members } }: QuorumQueue): boolean =>
      isNamed(name) && !members.includes(node) && (strategy === 'all' || members.length % 2 === 0);
    this.#each(isChosen, (name, next) => this.add(name, node, next), done);
  }

  /** No member on the node for any quorum queue; where it is the last one it stays. */
  shrink(node: string, done: Done): void {
    const isChosen = ({ cluster: { members } }: QuorumQueue): boolean => members.includes(node);
    this.#each(isChosen, (name, next) => this.delete(name, node, next), done);
  }

  /** One queue after the other; the first problem is told when all had their turn. */
  #each(
    isChosen: (queue: QuorumQueue) => boolean,
    act: (name: string, next: Done) => void,
    done: Done,
  ): void {
    const all = [...this.#vhost.queues.values()];
    const names = all.flatMap((queue) =>
      queue instanceof QuorumQueue && isChosen(queue) ? [queue.name] : [],
    );
    let first: string | null = null;
    const next = (): void => {
      const name = names.shift();
      if (name === undefined) return done(first);
      act(name, (problem) => {
        first ??= problem;
        next();
      });
    };
    next();
  }

  #queueNamed(name: string): QuorumQueue | string {
    const queue = this.#vhost.queues.get(name);
    if (queue === undefined) return 'not_found';
    return queue instanceof QuorumQueue ? queue : 'classic_queue_not_supported';
  }

  /** What the metadata says; the leader that it names is one of them. */
  #name(queue: QuorumQueue, members: readonly string[], done: Done): void {
    const leader = members.find((node) => node === queue.server?.leader) ?? members[0];
    assert(leader !== undefined, 'a queue has a member', { queue: queue.name });
    const change = { kind: 'move-queue', vhost: this.#vhost.name, name: queue.name } as const;
    this.#vhost.commit({ ...change, leader, members }, ({ kind }) => {
      done(kind === 'applied' || kind === 'unchanged' ? null : kind);
    });
  }

  #change(
    queue: QuorumQueue,
    change: 'add' | 'remove',
    node: string,
    done: Done,
    attempt: number = 1,
  ): void {
    queue.changeMember(change, node, (result) => {
      if (result.kind === 'reply') return done(null);
      const reason = result.kind === 'timeout' ? 'TIMED_OUT' : result.reason;
      // One that was sent again after it had been done.
      const isDone = change === 'add' ? 'DUPLICATE_VOTER' : 'VOTER_NOT_FOUND';
      if (reason === isDone) return done(null);
      if (!PASSING.has(reason) || attempt === ATTEMPTS_MAX) return done(reason);
      this.#clock.after(microsOfMillis(RETRY_MS), 'quorum/member', () => {
        this.#change(queue, change, node, done, attempt + 1);
      });
    });
  }
}
