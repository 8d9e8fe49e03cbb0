/**
 * A member of a group of the classic protocol, as the coordinator knows it.
 *
 * Not here: the group (`classic-group.ts`). Source: `ClassicGroupMember`.
 */
import { assert } from '../../kernel/assert.ts';
import type { JoinGroupRequest, JoinGroupResponse } from '../../wire/kafka/messages/join-group.ts';
import type { SyncGroupResponse } from '../../wire/kafka/messages/sync-group.ts';

/** The assignors that a member knows, in the order of its wish. */
export type MemberProtocols = JoinGroupRequest['protocols'];

/** Takes the answer to a request that waits. */
export type JoinAnswer = (response: JoinGroupResponse) => void;
export type SyncAnswer = (response: SyncGroupResponse) => void;

export const EMPTY_ASSIGNMENT = new Uint8Array(0);

export interface MemberParts {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly protocolType: string;
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly protocols: MemberProtocols;
}

export class ClassicGroupMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly protocolType: string;
  rebalanceTimeoutMs: number;
  sessionTimeoutMs: number;
  protocols: MemberProtocols;
  assignment: Uint8Array = EMPTY_ASSIGNMENT;
  /** A JoinGroup that waits for the others; changed by the group only, which counts them. */
  awaitingJoin: JoinAnswer | null = null;
  /** A SyncGroup that waits for the leader's. */
  awaitingSync: SyncAnswer | null = null;
  /** It has joined, but was not told its id yet. */
  isNew = false;

  constructor(parts: MemberParts) {
    assert(parts.memberId !== '', 'a member has an id', { host: parts.clientHost });
    this.memberId = parts.memberId;
    this.groupInstanceId = parts.groupInstanceId;
    this.clientId = parts.clientId;
    this.clientHost = parts.clientHost;
    this.protocolType = parts.protocolType;
    this.rebalanceTimeoutMs = parts.rebalanceTimeoutMs;
    this.sessionTimeoutMs = parts.sessionTimeoutMs;
    this.protocols = parts.protocols;
  }

  get isStatic(): boolean {
    return this.groupInstanceId !== null;
  }

  /**
   * Whether its silence is no failure: it waits for us. A new member may go even so, for its client
   * may have given up and asked again under another id.
   */
  get hasSatisfiedHeartbeat(): boolean {
    return !this.isNew && (this.awaitingJoin !== null || this.awaitingSync !== null);
  }

  /** What it told for a protocol, which it knows. */
  metadata(protocol: string): Uint8Array {
    const found = this.protocols.find(({ name }) => name === protocol);
    assert(found !== undefined, 'a protocol of the member', { member: this.memberId, protocol });
    return found.metadata;
  }

  /** Whether it asks for what it asked for before, byte by byte. */
  matches(protocols: MemberProtocols): boolean {
    return (
      protocols.length === this.protocols.length &&
      protocols.every(({ name, metadata }, place) => {
        const own = this.protocols[place]!;
        return own.name === name && sameBytes(own.metadata, metadata);
      })
    );
  }

  /** Its first wish among those that all members know. */
  vote(candidates: ReadonlySet<string>): string {
    const found = this.protocols.find(({ name }) => candidates.has(name));
    assert(found !== undefined, 'a member knows what all know', { member: this.memberId });
    return found.name;
  }
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}
