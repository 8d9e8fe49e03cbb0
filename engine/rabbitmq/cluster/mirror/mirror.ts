/**
 * A mirror of a classic queue on one node: whom it follows, and what it has by that.
 *
 * It follows the leader that metadata names, and one that took over before metadata says so: such a
 * leader goes on speaking to the mirrors of the one before, so that nothing that is confirmed then
 * is on its node alone. Source: `rabbit_mirror_queue_master:promote_backing_queue_state`, whose
 * `{depth, _}` goes to the group that is left.
 * Not here: who becomes the leader (`mirrored-queue.ts`), how instructions travel (`ring.ts`).
 */
import { assert } from '../../../kernel/assert.ts';
import type { Term } from '../node-links.ts';
import type { MirrorInstruction } from './mirror-contents.ts';
import { JOINED, MirrorContents, SYNCHRONISED } from './mirror-contents.ts';

export class Mirror {
  readonly contents = new MirrorContents();
  readonly #self: string;
  readonly #tell: (node: string, news: Term) => void;
  #leader: string;
  #stopsWithLeader = false;

  /** `tell` sends to a leader. */
  constructor(self: string, leader: string, tell: (node: string, news: Term) => void) {
    assert(leader !== self, 'a mirror has a leader elsewhere', { leader });
    this.#self = self;
    this.#leader = leader;
    this.#tell = tell;
    this.join();
  }

  /** Its leader goes down in order, and this one lacks what would be lost. */
  get stopsWithLeader(): boolean {
    return this.#stopsWithLeader;
  }

  /** The leader is asked to speak to this one from now on. */
  join(): void {
    this.#stopsWithLeader = false;
    this.#tell(this.#leader, JOINED);
  }

  /** Metadata names this leader. */
  follow(leader: string): void {
    assert(leader !== this.#self, 'a mirror has a leader elsewhere', { leader });
    if (leader === this.#leader) return;
    this.#leader = leader;
    this.join();
  }

  instructed(origin: string, instruction: MirrorInstruction): void {
    const isForThis = instruction.kind === 'depth' && instruction.to === this.#self;
    if (origin !== this.#leader) {
      if (!isForThis) return;
      this.#leader = origin;
      this.#stopsWithLeader = false;
    }
    if (instruction.kind === 'shutdown') {
      this.#stopsWithLeader = true;
      return;
    }
    const lacked = !this.contents.isSynchronised;
    this.contents.follow(instruction, this.#self);
    // A new leader does not know who had all that the old one had.
    if (this.contents.isSynchronised && (lacked || isForThis)) this.#tell(origin, SYNCHRONISED);
  }
}
