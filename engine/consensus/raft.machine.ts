/**
 * The roles of a member, by the names of KRaft's `EpochState`, and the timers that belong to each.
 *
 * `Unattached`: knows the term and no leader. `Voted`: gave its vote in this term. `Prospective`:
 * asks whether an election would be won. `Candidate`: stands for election. `Resigned`: led this
 * term, and does no more. Observers are Unattached or Follower.
 *
 * Source: `org.apache.kafka.raft.QuorumState`, KIP-595, KIP-996. Differences: Voted is a state here
 * as it was up to 3.9 (since 4.0 it is Unattached with a vote); a Prospective that grants a vote
 * becomes Voted, where KRaft's stays and remembers.
 * Not here: terms, votes and logs (`election.ts`, `replication.ts`).
 */
import { setup } from 'xstate';

export type Role =
  'Unattached' | 'Voted' | 'Prospective' | 'Candidate' | 'Leader' | 'Follower' | 'Resigned';

export type RoleEvent =
  | { readonly type: 'HIGHER_TERM' }
  | { readonly type: 'VOTE_GRANTED' }
  | { readonly type: 'PROSPECT' }
  | { readonly type: 'ELECT' }
  | { readonly type: 'ELECTED' }
  | { readonly type: 'LEADER_FOUND' }
  | { readonly type: 'LEADER_LOST' }
  | { readonly type: 'RESIGN' };

const waits = { entry: 'startElectionTimer', exit: 'stopElectionTimer' } as const;

export const raftMachine = setup({
  types: { events: {} as RoleEvent },
  actions: {
    startElectionTimer: () => undefined,
    stopElectionTimer: () => undefined,
    startFetchTimer: () => undefined,
    stopFollowerTimers: () => undefined,
    stopLeaderTimers: () => undefined,
  },
}).createMachine({
  id: 'raft',
  meta: { kafka: 'org.apache.kafka.raft.EpochState', doc: 'KIP-595, KIP-996' },
  initial: 'Unattached',
  states: {
    Unattached: {
      ...waits,
      meta: { paper: 'follower', ra: 'follower', dledger: 'CANDIDATE, waiting' },
      on: {
        HIGHER_TERM: { target: 'Unattached', reenter: true },
        VOTE_GRANTED: 'Voted',
        PROSPECT: 'Prospective',
        ELECT: 'Candidate',
        LEADER_FOUND: 'Follower',
      },
    },
    Voted: {
      ...waits,
      meta: { paper: 'follower', ra: 'follower', dledger: 'CANDIDATE, waiting' },
      on: {
        HIGHER_TERM: 'Unattached',
        PROSPECT: 'Prospective',
        ELECT: 'Candidate',
        LEADER_FOUND: 'Follower',
      },
    },
    Prospective: {
      ...waits,
      meta: { paper: 'follower (thesis 9.6)', ra: 'pre_vote', dledger: 'CANDIDATE' },
      on: {
        HIGHER_TERM: 'Unattached',
        VOTE_GRANTED: 'Voted',
        PROSPECT: { target: 'Prospective', reenter: true },
        ELECT: 'Candidate',
        LEADER_FOUND: 'Follower',
      },
    },
    Candidate: {
      ...waits,
      meta: { paper: 'candidate', ra: 'candidate', dledger: 'CANDIDATE' },
      on: {
        HIGHER_TERM: 'Unattached',
        PROSPECT: 'Prospective',
        ELECT: { target: 'Candidate', reenter: true },
        ELECTED: 'Leader',
        LEADER_FOUND: 'Follower',
      },
    },
    Leader: {
      exit: 'stopLeaderTimers',
      meta: { paper: 'leader', ra: 'leader', dledger: 'LEADER' },
      on: { HIGHER_TERM: 'Unattached', RESIGN: 'Resigned' },
    },
    Follower: {
      entry: 'startFetchTimer',
      exit: 'stopFollowerTimers',
      meta: { paper: 'follower', ra: 'follower', dledger: 'FOLLOWER' },
      on: {
        HIGHER_TERM: 'Unattached',
        PROSPECT: 'Prospective',
        ELECT: 'Candidate',
        LEADER_LOST: 'Unattached',
      },
    },
    Resigned: {
      ...waits,
      meta: { paper: 'follower', ra: 'follower', dledger: 'CANDIDATE, waiting' },
      on: { HIGHER_TERM: 'Unattached' },
    },
  },
});
