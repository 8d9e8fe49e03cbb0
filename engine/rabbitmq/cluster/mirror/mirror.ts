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
  /** As metadata has it. */
  #leader: string;
  /** The leader that has said what there is, and whose instructions go on from there. */
  #hears: string | null = null;
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

  /** Whether it has all that the leader has whom metadata names. */
  get isSynchronised(): boolean {
    return this.#hears === this.#leader && this.contents.isSynchronised;
  }

  /** The leader is asked to speak to this one from now on. */
  join(): void {
    this.#stopsWithLeader = false;
    this.#hears = null;
    this.#tell(this.#leader, JOINED);
  }

  /** Metadata names this leader; one that cannot be reached may have been followed by another. */
  follow(leader: string, isReached: boolean): void {
    assert(leader !== this.#self, 'a mirror has a leader elsewhere', { leader });
    const isOther = leader !== this.#leader;
    this.#leader = leader;
    if (this.#hears !== leader && (isOther || isReached)) this.join();
  }

  instructed(origin: string, instruction: MirrorInstruction): void {
    const isForThis = instruction.kind === 'depth' && instruction.to === this.#self;
    if (isForThis) this.#hears = origin;
    if (origin !== this.#hears) return;
    if (instruction.kind === 'shutdown') {
      this.#stopsWithLeader = true;
      return;
    }
    if (isForThis) this.#stopsWithLeader = false;
    const lacked = !this.contents.isSynchronised;
    this.contents.follow(instruction, this.#self);
    // A new leader does not know who had all that the old one had.
    if (this.contents.isSynchronised && (lacked || isForThis)) this.#tell(origin, SYNCHRONISED);
  }
}
