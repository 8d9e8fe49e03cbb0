/**
 * A leader's messages as its mirrors hear of them: each publication, delivery and end is said in
 * the ring, and a publication is confirmed when all mirrors have it and, if the queue is durable,
 * when it is stored here.
 *
 * Not here: what is on disk (`store/`). Source: `rabbit_mirror_queue_master`. Differs: a mirror of
 * a durable queue writes nothing until it becomes the leader.
 */
import { assert } from '../../../kernel/assert.ts';
import type { Clock } from '../../../kernel/ports.ts';
import { micros } from '../../../kernel/units.ts';
import type { QueueLog, RestoredMessage } from '../../queue/queue-log.ts';
import type { QueuedMessage } from '../../queue/queued-message.ts';
import type { MirrorContents, MirrorInstruction, MirroredMessage } from './mirror-contents.ts';

export interface MirrorLogOptions {
  readonly clock: Clock;
  /** What is on disk; null: nothing. */
  readonly stored: QueueLog | null;
  readonly recovered: readonly RestoredMessage[];
  readonly nextPosition: number;
  readonly say: (instruction: MirrorInstruction, stable: (() => void) | null) => void;
  readonly hasMirrors: () => boolean;
  /** Whose publish is being taken. */
  readonly publishing: () => string | null;
}

export class MirrorLog implements QueueLog {
  readonly recovered: readonly RestoredMessage[];
  readonly nextPosition: number;
  readonly #options: MirrorLogOptions;
  /** What the queue has, by position. */
  readonly #messages = new Map<number, MirroredMessage>();

  constructor(options: MirrorLogOptions) {
    this.#options = options;
    this.recovered = options.recovered;
    this.nextPosition = options.nextPosition;
    for (const of of options.recovered) {
      this.#messages.set(of.position, this.#mirrored(of, null));
    }
  }

  get positions(): readonly number[] {
    return [...this.#messages.keys()];
  }

  get all(): readonly MirroredMessage[] {
    return [...this.#messages.values()];
  }

  publish(of: QueuedMessage, confirmed: (() => void) | null): boolean {
    const { stored, say, publishing, hasMirrors } = this.#options;
    const mirrored = this.#mirrored(of, publishing());
    assert(!this.#messages.has(of.position), 'a position is published once', {
      position: of.position,
    });
    this.#messages.set(of.position, mirrored);
    if (!hasMirrors()) return stored?.publish(of, confirmed) ?? false;
    let left = 2;
    const told = (): void => {
      left -= 1;
      assert(left >= 0, 'each place tells once', { position: of.position });
      if (left === 0) confirmed?.();
    };
    if (stored?.publish(of, told) !== true) left -= 1;
    say({ kind: 'publish', of: mirrored }, told);
    return true;
  }

  delivered(of: QueuedMessage): void {
    this.#options.stored?.delivered(of);
    const known = this.#messages.get(of.position);
    if (known === undefined || known.delivered) return;
    this.#messages.set(of.position, { ...known, delivered: true });
    this.#options.say({ kind: 'delivered', position: of.position }, null);
  }

  remove(messages: readonly QueuedMessage[]): void {
    this.#options.stored?.remove(messages);
    const positions = messages
      .map(({ position }) => position)
      .filter((position) => this.#messages.delete(position));
    if (positions.length > 0) this.#options.say({ kind: 'drop', positions }, null);
  }

  delete(): void {
    this.#options.stored?.delete();
    this.#messages.clear();
  }

  #mirrored(
    { position, message, expiresAt, delivered }: RestoredMessage,
    publish: string | null,
  ): MirroredMessage {
    const ttlMicros = expiresAt === null ? null : expiresAt - this.#options.clock.now();
    return { position, message, ttlMicros, publish, delivered };
  }
}

/** What a mirror has, for the leader that it becomes. */
export function restored(contents: MirrorContents, now: number): readonly RestoredMessage[] {
  return contents.messages.map(({ position, message, ttlMicros, delivered }) => ({
    position,
    message,
    delivered,
    expiresAt: ttlMicros === null ? null : micros(now + Math.max(0, ttlMicros)),
  }));
}

/**
 * The files of a leader that was a mirror, with what it had: what this node had on disk was of an
 * earlier time, when it led before.
 */
export function storedAnew(
  files: { stored(): QueueLog | null },
  messages: readonly RestoredMessage[],
): QueueLog | null {
  files.stored()?.delete();
  const stored = files.stored();
  for (const of of messages) {
    assert(of.position >= 0, 'a position', { position: of.position });
    stored?.publish({ ...of, priority: 0, bytes: of.message.body.length }, null);
  }
  return stored;
}
