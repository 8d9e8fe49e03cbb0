/**
 * BrokerHeartbeat (key 63): a broker stays unfenced by it, catches up with the metadata log, and
 * asks for a controlled shutdown (KIP-631). Version 1 reports failed log directories (KIP-858).
 */
import { api } from '../api.ts';
import { array, bool, int16, int32, int64, struct, uuid, type DataOf } from '../schema.ts';

export const brokerHeartbeatRequest = struct('BrokerHeartbeatRequest', {
  brokerId: int32(),
  brokerEpoch: int64({ default: -1 }),
  currentMetadataOffset: int64({ about: 'How far the broker has applied the metadata log.' }),
  wantFence: bool({ about: 'True until the broker has caught up and can serve.' }),
  wantShutDown: bool(),
  offlineLogDirs: array(uuid(), { since: 1, tag: 0 }),
});
export type BrokerHeartbeatRequest = DataOf<typeof brokerHeartbeatRequest>;

export const brokerHeartbeatResponse = struct('BrokerHeartbeatResponse', {
  throttleTimeMs: int32(),
  errorCode: int16(),
  isCaughtUp: bool(),
  isFenced: bool({ default: true }),
  shouldShutDown: bool(),
});
export type BrokerHeartbeatResponse = DataOf<typeof brokerHeartbeatResponse>;

export const brokerHeartbeat = api({
  key: 63,
  name: 'BrokerHeartbeat',
  versions: [0, 1],
  flexible: 0,
  request: brokerHeartbeatRequest,
  response: brokerHeartbeatResponse,
});
