/**
 * The role of this broker's replica of one partition. Stepped on role changes only, never per
 * message.
 *
 * State names: `HostedPartition.Offline`, leader and follower as in `makeLeader` and
 * `makeFollower`, and below the follower the `ReplicaState` of its fetcher: `Truncating` until the
 * log is known to agree with the leader's, then `Fetching`; `Failed` when the fetcher gave it up.
 * `Follower.Idle` is a follower of nobody: no leader is elected, or its broker is not alive.
 */
import { setup } from 'xstate';

export type ReplicaEvent =
  | { type: 'MAKE_LEADER'; leaderEpoch: number }
  | { type: 'MAKE_FOLLOWER'; leader: number; leaderEpoch: number }
  | { type: 'FETCH_FROM_LEADER'; truncating: boolean }
  | { type: 'TRUNCATION_COMPLETE' }
  | { type: 'DIVERGING_EPOCH' }
  | { type: 'PARTITION_FAILED' }
  | { type: 'LOG_DIR_FAILED' }
  | { type: 'STOP_REPLICA' };

export const replicaMachine = setup({
  types: { events: {} as ReplicaEvent },
  guards: {
    startsTruncating: ({ event }) => event.type === 'FETCH_FROM_LEADER' && event.truncating,
  },
}).createMachine({
  id: 'replica',
  meta: { kafka: 'HostedPartition', doc: 'kafka.server.ReplicaManager, kafka.cluster.Partition' },
  initial: 'Online',
  states: {
    Online: {
      on: {
        MAKE_LEADER: 'Leader',
        MAKE_FOLLOWER: 'Follower',
        LOG_DIR_FAILED: 'Offline',
        STOP_REPLICA: 'Stopped',
      },
    },
    Leader: {
      on: {
        MAKE_LEADER: 'Leader',
        MAKE_FOLLOWER: 'Follower',
        LOG_DIR_FAILED: 'Offline',
        STOP_REPLICA: 'Stopped',
      },
    },
    Follower: {
      initial: 'Idle',
      on: {
        MAKE_LEADER: 'Leader',
        MAKE_FOLLOWER: { target: 'Follower', reenter: true },
        FETCH_FROM_LEADER: [
          { guard: 'startsTruncating', target: '.Truncating' },
          { target: '.Fetching' },
        ],
        PARTITION_FAILED: '.Failed',
        LOG_DIR_FAILED: 'Offline',
        STOP_REPLICA: 'Stopped',
      },
      states: {
        Idle: {},
        Truncating: { on: { TRUNCATION_COMPLETE: 'Fetching' } },
        Fetching: { on: { DIVERGING_EPOCH: { target: 'Fetching' } } },
        Failed: {},
      },
    },
    Offline: { on: { STOP_REPLICA: 'Stopped' } },
    Stopped: { type: 'final' },
  },
});
