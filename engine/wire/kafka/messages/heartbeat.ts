/**
 * Heartbeat (key 12): a member lives. REBALANCE_IN_PROGRESS in the answer tells it to join again.
 *
 * Versions: 3 static members (KIP-345).
 */
import { api } from '../api.ts';
import { int16, int32, string, struct, type DataOf } from '../schema.ts';

export const heartbeatRequest = struct('HeartbeatRequest', {
  groupId: string(),
  generationId: int32(),
  memberId: string(),
  groupInstanceId: string({ since: 3, nullable: true, default: null }),
});
export type HeartbeatRequest = DataOf<typeof heartbeatRequest>;

export const heartbeatResponse = struct('HeartbeatResponse', {
  throttleTimeMs: int32({ since: 1 }),
  errorCode: int16(),
});
export type HeartbeatResponse = DataOf<typeof heartbeatResponse>;

export const heartbeat = api({
  key: 12,
  name: 'Heartbeat',
  versions: [0, 4],
  flexible: 4,
  request: heartbeatRequest,
  response: heartbeatResponse,
});
