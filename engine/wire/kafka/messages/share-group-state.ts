/**
 * The five APIs of the share coordinator, which keeps what a share-partition's leader must not
 * forget (KIP-932): InitializeShareGroupState (83), ReadShareGroupState (84),
 * WriteShareGroupState (85), DeleteShareGroupState (86), ReadShareGroupStateSummary (87). Brokers
 * send them to each other; a client does not.
 *
 * Version 0 only. A delivery state is a number: 0 available, 2 acknowledged, 4 archived.
 */
import { api } from '../api.ts';
import {
  array,
  int16,
  int32,
  int64,
  int8,
  string,
  struct,
  uuid,
  type DataOf,
  type Fields,
} from '../schema.ts';

const stateBatches = () =>
  array({
    firstOffset: int64(),
    lastOffset: int64({ about: 'Included.' }),
    deliveryState: int8(),
    deliveryCount: int16(),
  });

/** A request about partitions of topics, for one group. */
function stateRequest<const F extends Fields>(name: string, fields: F) {
  return struct(`${name}Request`, {
    groupId: string(),
    topics: array({
      topicId: uuid(),
      partitions: array({ partition: int32(), ...fields }),
    }),
  });
}

/** The result of each partition. */
function stateResponse<const F extends Fields>(name: string, fields: F) {
  return struct(`${name}Response`, {
    results: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: true, default: null }),
        ...fields,
      }),
    }),
  });
}

function stateApi<const Q extends Fields, const R extends Fields>(
  key: number,
  name: string,
  request: Q,
  response: R,
) {
  return api({
    key,
    name,
    versions: [0, 0],
    flexible: 0,
    request: stateRequest(name, request),
    response: stateResponse(name, response),
  });
}

export const initializeShareGroupState = stateApi(
  83,
  'InitializeShareGroupState',
  { stateEpoch: int32(), startOffset: int64({ about: '-1: not known yet.' }) },
  {},
);
export type InitializeShareGroupStateRequest = DataOf<typeof initializeShareGroupState.request>;

export const readShareGroupState = stateApi(
  84,
  'ReadShareGroupState',
  { leaderEpoch: int32() },
  {
    stateEpoch: int32(),
    startOffset: int64({ about: '-1: not known yet.' }),
    stateBatches: stateBatches(),
  },
);
export type ReadShareGroupStateRequest = DataOf<typeof readShareGroupState.request>;
export type ReadShareGroupStateResponse = DataOf<typeof readShareGroupState.response>;

export const writeShareGroupState = stateApi(
  85,
  'WriteShareGroupState',
  {
    stateEpoch: int32(),
    leaderEpoch: int32(),
    startOffset: int64({ about: '-1: as before.' }),
    stateBatches: stateBatches(),
  },
  {},
);
export type WriteShareGroupStateRequest = DataOf<typeof writeShareGroupState.request>;
export type WriteShareGroupStateResponse = DataOf<typeof writeShareGroupState.response>;

export const deleteShareGroupState = stateApi(86, 'DeleteShareGroupState', {}, {});
export type DeleteShareGroupStateRequest = DataOf<typeof deleteShareGroupState.request>;

export const readShareGroupStateSummary = stateApi(
  87,
  'ReadShareGroupStateSummary',
  { leaderEpoch: int32() },
  { stateEpoch: int32(), leaderEpoch: int32(), startOffset: int64() },
);
export type ReadShareGroupStateSummaryRequest = DataOf<typeof readShareGroupStateSummary.request>;
