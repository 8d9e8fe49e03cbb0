/**
 * What a mirror has of its queue: the messages that the leader said it has, by position.
 *
 * A mirror that joins is empty and is given only what comes from then on; what was there before is
 * what it lacks. When the leader has let go of all that, or has sent it (`ha-sync-mode`), the
 * mirror is synchronised. Not here: how it hears (`ring.ts`), and when it becomes the leader.
 * Source: `rabbit_mirror_queue_slave`: `process_instruction`, `depth_delta`.
 */
import { assert } from '../../../kernel/assert.ts';
import type { Message } from '../../message.ts';
import type { Term } from '../node-links.ts';

/** A message of a queue, as its leader tells of it. */
export interface MirroredMessage {
  readonly position: number;
  readonly message: Message;
  /** How long it has, in microseconds from when it came; null: it does not expire. */
  readonly ttlMicros: number | null;
  /** Whose publish it was, so that it is not taken twice; null: nobody waits for a confirm. */
  readonly publish: string | null;
  readonly delivered: boolean;
}

/** What a leader tells its mirrors. */
export type MirrorInstruction =
  | { readonly kind: 'publish'; readonly of: MirroredMessage }
  | { readonly kind: 'delivered'; readonly position: number }
  | { readonly kind: 'drop'; readonly positions: readonly number[] }
  /** To a mirror that joins: what the queue has, by position. */
  | { readonly kind: 'depth'; readonly to: string; readonly positions: readonly number[] }
  /** All that the queue has; mirrors that lack some of it have all afterwards. */
  | { readonly kind: 'sync'; readonly all: readonly MirroredMessage[] }
  /** The leader's node goes down in order, and no mirror has all. */
  | { readonly kind: 'shutdown' };

/** What a mirror tells its leader: it is there and hears, or it has all that there is. */
export type MirrorNews = { readonly kind: 'joined' } | { readonly kind: 'synchronised' };
export const JOINED: Term = { kind: 'joined' } satisfies MirrorNews;
export const SYNCHRONISED: Term = { kind: 'synchronised' } satisfies MirrorNews;

export class MirrorContents {
  readonly #messages = new Map<number, MirroredMessage>();
  readonly #publishes = new Set<string>();
  /** Null: the leader has not said yet what there was before. */
  #lacks: Set<number> | null = null;
  #nextPosition = 0;

  /** Whether it has all that its leader has. */
  get isSynchronised(): boolean {
    return this.#lacks?.size === 0;
  }

  /** How many messages it lacks; null: it does not know. */
  get lackCount(): number | null {
    return this.#lacks?.size ?? null;
  }

  get count(): number {
    return this.#messages.size;
  }

  get nextPosition(): number {
    return this.#nextPosition;
  }

  /** In the order of their positions. */
  get messages(): readonly MirroredMessage[] {
    return [...this.#messages.values()].sort((left, right) => left.position - right.position);
  }

  /** Whether this publish is, or was, here. */
  knows(publish: string): boolean {
    return this.#publishes.has(publish);
  }

  follow(instruction: Exclude<MirrorInstruction, { kind: 'shutdown' }>, self: string): void {
    switch (instruction.kind) {
      case 'publish':
        this.#add(instruction.of);
        return;
      case 'delivered': {
        const of = this.#messages.get(instruction.position);
        if (of !== undefined) {
          this.#messages.set(instruction.position, { ...of, delivered: true });
        }
        return;
      }
      case 'drop':
        for (const position of instruction.positions) this.#drop(position);
        return;
      case 'depth':
        if (instruction.to === self) this.#compare(instruction.positions);
        return;
      case 'sync':
        if (this.isSynchronised) return;
        this.#messages.clear();
        for (const of of instruction.all) this.#add(of);
        this.#lacks = new Set();
    }
  }

  /** What a leader does not have, no mirror keeps. */
  #compare(positions: readonly number[]): void {
    const there = new Set(positions);
    for (const position of [...this.#messages.keys()]) {
      if (!there.has(position)) this.#messages.delete(position);
    }
    this.#lacks = new Set(positions.filter((position) => !this.#messages.has(position)));
    this.#nextPosition = positions.reduce(
      (next, position) => Math.max(next, position + 1),
      this.#nextPosition,
    );
  }

  #add(of: MirroredMessage): void {
    assert(!this.#messages.has(of.position), 'a position is published once', {
      position: of.position,
    });
    this.#messages.set(of.position, of);
    this.#nextPosition = Math.max(this.#nextPosition, of.position + 1);
    if (of.publish !== null) this.#publishes.add(of.publish);
  }

  #drop(position: number): void {
    this.#messages.delete(position);
    this.#lacks?.delete(position);
  }
}
