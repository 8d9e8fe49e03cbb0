/**
 * The sets of voters that a log names, each in force from the entry on that names it, committed or
 * not (Raft thesis 4.1). Cutting the log brings the set before back.
 *
 * Not here: which change is allowed (`membership.ts`).
 * Source: KIP-853, `org.apache.kafka.raft.internals.VoterSetHistory`.
 */
import { assert } from '../kernel/assert.ts';
import type { MemberId } from './message.ts';

interface VoterSetAt {
  /** The entry's offset; -1 for the set that no entry names. */
  readonly offset: number;
  readonly voters: readonly MemberId[];
}

export class VoterHistory {
  #sets: VoterSetAt[];

  constructor(voters: readonly MemberId[]) {
    this.#sets = [{ offset: -1, voters }];
  }

  get voters(): readonly MemberId[] {
    return this.#sets[this.#sets.length - 1]!.voters;
  }

  /** The offset of the entry that the set in force comes from; -1 if from none. */
  get offset(): number {
    return this.#sets[this.#sets.length - 1]!.offset;
  }

  /** More than half of the voters. */
  get majority(): number {
    return Math.floor(this.voters.length / 2) + 1;
  }

  has(member: MemberId): boolean {
    return this.voters.includes(member);
  }

  /**
   * Whether a member may stand for election: a voter, or one whose removal may not be committed
   * yet. Without the latter a quorum of two could stand still: the one that is to stay is behind
   * the one that is to go (thesis 4.2.2).
   */
  mayStand(member: MemberId, highWatermark: number): boolean {
    if (this.has(member)) return true;
    const before = this.#sets[this.#sets.length - 2];
    return this.offset >= highWatermark && (before?.voters.includes(member) ?? false);
  }

  append(offset: number, voters: readonly MemberId[]): void {
    assert(offset > this.offset, "sets come in the log's order", { offset, last: this.offset });
    assert(new Set(voters).size === voters.length, 'a voter once', { voters });
    this.#sets.push({ offset, voters });
  }

  truncate(endOffset: number): void {
    while (this.offset >= endOffset) this.#sets.pop();
    assert(this.#sets.length > 0, 'some set is in force', { endOffset });
  }

  /** The set in force at a snapshot's end takes the place of those before it. */
  compact(endOffset: number): void {
    const kept = this.#sets.filter(({ offset }) => offset >= endOffset);
    const before = this.#sets.filter(({ offset }) => offset < endOffset);
    const last = before[before.length - 1];
    assert(last !== undefined, 'a set was in force', { endOffset });
    this.#sets = [{ offset: -1, voters: last.voters }, ...kept];
  }

  reset(voters: readonly MemberId[]): void {
    this.#sets = [{ offset: -1, voters }];
  }
}
