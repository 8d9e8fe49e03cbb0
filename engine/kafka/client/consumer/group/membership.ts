/**
 * What a consumer needs of its membership in a group, whichever protocol it speaks: the classic one
 * (`group-membership.ts`) or that of KIP-848 (`consumer-membership.ts`).
 */

/** The generation or member epoch that a member is in; its object is another one for each. */
export interface Generation {
  readonly id: number;
  readonly memberId: string;
  readonly protocolName: string | null;
}

export const NO_GENERATION: Generation = Object.freeze({
  id: -1,
  memberId: '',
  protocolName: null,
});

export interface Membership {
  readonly generation: Generation;
  /** As the Java client names it. */
  readonly state: string;
  readonly rebalanceInProgress: boolean;
  /** Whether offsets that are committed now would count. */
  readonly canCommit: boolean;
  readonly instanceId: string | null;
  /** Whether the next poll changes what the member has, or a join is under way. */
  readonly rejoins: boolean;
  /** Whether this member shares out the partitions. */
  readonly leads: boolean;
  /** The application polls. */
  poll(): void;
  /** The poll returned records: until the next one the application is busy. */
  pollReturned(): void;
  polled(): void;
  requestRejoin(reason: string): void;
  /** Out of the group. */
  reset(reason: string, forgetsMemberId: boolean): void;
  /** `done`: the group was told, or need not be. */
  leave(reason: string, done?: () => void): void;
  /** Nothing more is sent, and answers are ignored. */
  close(): void;
}
