/**
 * The state of one record that is in flight in a share-partition (KIP-932), and how it may change:
 *
 *     AVAILABLE -> ACQUIRED -> ACKNOWLEDGED          accept
 *                     |-----> AVAILABLE             release, the lock is over, the session ends
 *                     |-----> ARCHIVED              reject, gap, or delivered often enough
 *
 * Not a machine of `kernel/machine.ts`, for it is stepped for each record. Source:
 * `SharePartition.RecordState`, `InFlightState.tryUpdateState`.
 */
import { assert } from '../../kernel/assert.ts';
import type { TimerId } from '../../kernel/ports.ts';

export type RecordState = 'AVAILABLE' | 'ACQUIRED' | 'ACKNOWLEDGED' | 'ARCHIVED';

/** As messages and records have them. ACQUIRED is never written. */
export const RECORD_STATE_NUMBERS: Readonly<Record<RecordState, number>> = {
  AVAILABLE: 0,
  ACQUIRED: 1,
  ACKNOWLEDGED: 2,
  ARCHIVED: 4,
};

/** The state that a number stands for; null if it is none. */
export function recordStateOf(value: number): RecordState | null {
  const names = Object.keys(RECORD_STATE_NUMBERS) as RecordState[];
  return names.find((name) => RECORD_STATE_NUMBERS[name] === value) ?? null;
}

/** How a transition changes the delivery count (`DeliveryCountOps`). */
export type DeliveryCountChange = 'INCREASE' | 'DECREASE' | 'NO_OP';

const DELIVERY_STEP: Readonly<Record<DeliveryCountChange, number>> = {
  INCREASE: 1,
  DECREASE: -1,
  NO_OP: 0,
};

const NEXT_STATES: Readonly<Record<RecordState, readonly RecordState[]>> = {
  AVAILABLE: ['ACQUIRED'],
  ACQUIRED: ['AVAILABLE', 'ACKNOWLEDGED', 'ARCHIVED'],
  ACKNOWLEDGED: [],
  ARCHIVED: [],
};

/** Whether a record in the one state can go to the other. */
export function canBecome(from: RecordState, to: RecordState): boolean {
  return NEXT_STATES[from].includes(to);
}

/** Nobody has the record. */
export const NO_MEMBER = '';

/** What records that were acquired together share: they are free again when its time is over. */
export interface AcquisitionLock {
  timer: TimerId | null;
  /** Records that are still held by it. */
  held: number;
}

interface Before {
  readonly state: RecordState;
  readonly deliveryCount: number;
  readonly memberId: string;
}

/** One record between the start and the end offset of a share-partition. */
export class InFlightRecord {
  state: RecordState;
  deliveryCount: number;
  /** Who has acquired it; `NO_MEMBER` if nobody has. */
  memberId = NO_MEMBER;
  lock: AcquisitionLock | null = null;
  /** Not null while a change of state is being written to the share coordinator. */
  #before: Before | null = null;

  constructor(state: RecordState, deliveryCount: number) {
    assert(deliveryCount >= 0, 'a delivery count', { state, deliveryCount });
    this.state = state;
    this.deliveryCount = deliveryCount;
  }

  /** Whether the state may still be taken back. */
  get isInTransition(): boolean {
    return this.#before !== null;
  }

  /** Whether it can be given to a member. */
  get isAcquirable(): boolean {
    return this.state === 'AVAILABLE' && !this.isInTransition;
  }

  /** Nothing will happen to it any more. */
  get isDone(): boolean {
    return (this.state === 'ACKNOWLEDGED' || this.state === 'ARCHIVED') && !this.isInTransition;
  }

  /**
   * Goes to another state. A record that was delivered as often as the limit allows is not made
   * available again but archived, unless the delivery does not count.
   */
  become(
    wanted: RecordState,
    count: DeliveryCountChange,
    deliveryCountMax: number,
    memberId: string,
  ): void {
    const isSpent =
      wanted === 'AVAILABLE' && count !== 'DECREASE' && this.deliveryCount >= deliveryCountMax;
    const next = isSpent ? 'ARCHIVED' : wanted;
    assert(canBecome(this.state, next), 'K35: what is done with stays so', {
      from: this.state,
      next,
    });
    this.state = next;
    if (next !== 'ARCHIVED') this.deliveryCount += DELIVERY_STEP[count];
    this.memberId = memberId;
    assert(
      next !== 'ACQUIRED' || this.deliveryCount <= deliveryCountMax,
      'K37: no more deliveries than the limit',
      {
        deliveryCount: this.deliveryCount,
        deliveryCountMax,
      },
    );
  }

  /** Like `become`, but can be taken back until it is completed. */
  startTransition(...to: Parameters<InFlightRecord['become']>): void {
    assert(this.#before === null, 'one change at a time', { state: this.state });
    const { state, deliveryCount, memberId } = this;
    this.#before = { state, deliveryCount, memberId };
    this.become(...to);
  }

  /** The change was written, or not. */
  completeTransition(commits: boolean): void {
    const before = this.#before;
    assert(before !== null, 'a change that was started', { state: this.state });
    this.#before = null;
    if (!commits) Object.assign(this, before);
  }
}
