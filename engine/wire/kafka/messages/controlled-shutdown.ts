/**
 * ControlledShutdown (key 7): a broker of a ZooKeeper cluster asks the controller to move its
 * leaders away before it stops; the answer names what it still leads.
 *
 * Version 2 adds the broker epoch, 3 is flexible. Version 0, whose header lacks the client id, is
 * not here. Gone with Kafka 4.0.
 */
import { api } from '../api.ts';
import { array, int16, int32, int64, string, struct, type DataOf } from '../schema.ts';

export const controlledShutdownRequest = struct('ControlledShutdownRequest', {
  brokerId: int32(),
  brokerEpoch: int64({ since: 2, default: -1 }),
});
export type ControlledShutdownRequest = DataOf<typeof controlledShutdownRequest>;

export const controlledShutdownResponse = struct('ControlledShutdownResponse', {
  errorCode: int16(),
  remainingPartitions: array({ topicName: string(), partitionIndex: int32() }),
});
export type ControlledShutdownResponse = DataOf<typeof controlledShutdownResponse>;

export const controlledShutdown = api({
  key: 7,
  name: 'ControlledShutdown',
  versions: [1, 3],
  flexible: 3,
  request: controlledShutdownRequest,
  response: controlledShutdownResponse,
});
