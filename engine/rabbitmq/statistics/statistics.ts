/**
 * The message counters of a virtual host: for each exchange and queue, as long as it is there.
 *
 * Not here: those of a channel, which go with it (`vhost/channel-session.ts`). Differs: each node
 * counts what passes through its own channels; the management plugin adds up all nodes.
 */
import type { Clock } from '../../kernel/ports.ts';
import { type MessageCounter, MessageStats, type MessageStatsView } from './message-stats.ts';

type Kind = 'queue' | 'exchange';

const NOTHING: MessageStatsView = Object.freeze({});

export class Statistics {
  readonly #clock: Clock;
  readonly #there: Readonly<Record<Kind, ReadonlyMap<string, unknown>>>;
  readonly #all = {
    queue: new Map<string, MessageStats>(),
    exchange: new Map<string, MessageStats>(),
  };

  constructor(clock: Clock, there: Readonly<Record<Kind, ReadonlyMap<string, unknown>>>) {
    this.#clock = clock;
    this.#there = there;
  }

  /** Counts one, if it is there: what is told of one that is gone counts for nothing. */
  add(kind: Kind, name: string, counter: MessageCounter): void {
    if (!this.#there[kind].has(name)) return;
    let stats = this.#all[kind].get(name);
    if (stats === undefined) this.#all[kind].set(name, (stats = new MessageStats(this.#clock)));
    stats.add(counter);
  }

  inspect(kind: Kind, name: string): MessageStatsView {
    return this.#all[kind].get(name)?.inspect() ?? NOTHING;
  }

  /** It is gone: one of the same name begins anew. */
  forget(kind: Kind, name: string): void {
    this.#all[kind].delete(name);
  }
}
