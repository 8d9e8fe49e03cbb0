/**
 * Share sessions (KIP-932): which partitions a member fetches from this broker, and the number of
 * its next request, so that none is taken twice or out of turn. A session ends when its member says
 * so or its connection is gone.
 *
 * Not here: what a request does (`share-fetch.ts`). Source: `SharePartitionManager.newContext`,
 * `ShareSession`, `ShareSessionCache`.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';

const INITIAL_EPOCH = 0;
const FINAL_EPOCH = -1;
const EPOCH_MAX = 0x7fffffff;

/** A partition by its topic's id. */
export interface SessionPartition {
  readonly topicId: string;
  readonly partition: number;
}

export interface ShareSession {
  readonly groupId: string;
  readonly memberId: string;
  /** That the next request must have. */
  epoch: number;
  readonly partitions: Map<string, SessionPartition>;
}

/** What stands in each request of a session. */
export interface SessionRequest {
  readonly groupId: string | null;
  readonly memberId: string | null;
  readonly shareSessionEpoch: number;
}

export type OpenedSession =
  | { readonly errorCode: 0; readonly session: ShareSession; readonly isFinal: boolean }
  | { readonly errorCode: number; readonly session: null; readonly isFinal: false };

export class ShareSessions {
  readonly #max: number;
  readonly #sessions = new Map<string, ShareSession>();

  constructor(max: number) {
    assert(max > 0, 'some sessions', { max });
    this.#max = max;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /**
   * The session of a request, which is its next one from now on. Errors: SHARE_SESSION_NOT_FOUND,
   * INVALID_SHARE_SESSION_EPOCH, SHARE_SESSION_LIMIT_REACHED, INVALID_REQUEST.
   */
  take({ groupId, memberId, shareSessionEpoch }: SessionRequest, opens: boolean): OpenedSession {
    if (groupId === null || groupId === '' || memberId === null || memberId === '') {
      return refused(ErrorCode.INVALID_REQUEST);
    }
    const name = nameOf(groupId, memberId);
    const known = this.#sessions.get(name);
    if (shareSessionEpoch === INITIAL_EPOCH) {
      if (!opens) return refused(ErrorCode.INVALID_SHARE_SESSION_EPOCH);
      if (known === undefined && this.size >= this.#max) {
        return refused(ErrorCode.SHARE_SESSION_LIMIT_REACHED);
      }
      const partitions = new Map<string, SessionPartition>();
      const session = { groupId, memberId, epoch: INITIAL_EPOCH + 1, partitions };
      this.#sessions.set(name, session);
      return { errorCode: ErrorCode.NONE, session, isFinal: false };
    }
    if (known === undefined) return refused(ErrorCode.SHARE_SESSION_NOT_FOUND);
    if (shareSessionEpoch === FINAL_EPOCH) {
      this.#sessions.delete(name);
      return { errorCode: ErrorCode.NONE, session: known, isFinal: true };
    }
    if (shareSessionEpoch !== known.epoch) return refused(ErrorCode.INVALID_SHARE_SESSION_EPOCH);
    known.epoch = known.epoch === EPOCH_MAX ? INITIAL_EPOCH + 1 : known.epoch + 1;
    return { errorCode: ErrorCode.NONE, session: known, isFinal: false };
  }

  /** Ends a session whose connection is gone. False if it is another one, or none, by now. */
  drop(session: ShareSession): boolean {
    const name = nameOf(session.groupId, session.memberId);
    if (this.#sessions.get(name) !== session) return false;
    return this.#sessions.delete(name);
  }
}

const nameOf = (groupId: string, memberId: string): string => `${groupId} ${memberId}`;

function refused(errorCode: number): OpenedSession {
  assert(errorCode !== ErrorCode.NONE, 'an error');
  return { errorCode, session: null, isFinal: false };
}
