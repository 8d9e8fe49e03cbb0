/**
 * The APIs by which the voters of the metadata quorum speak to each other, and by which it is
 * described and changed. Who imports this file can speak them: a page without a quorum does not.
 */
import type { Api } from './api.ts';
import { addRaftVoter } from './messages/add-raft-voter.ts';
import { beginQuorumEpoch } from './messages/begin-quorum-epoch.ts';
import { describeQuorum } from './messages/describe-quorum.ts';
import { endQuorumEpoch } from './messages/end-quorum-epoch.ts';
import { envelope } from './messages/envelope.ts';
import { fetchSnapshot } from './messages/fetch-snapshot.ts';
import { removeRaftVoter } from './messages/remove-raft-voter.ts';
import { updateRaftVoter } from './messages/update-raft-voter.ts';
import { vote } from './messages/vote.ts';

/** By ascending key. */
export const quorumApis: readonly Api[] = Object.freeze([
  vote,
  beginQuorumEpoch,
  endQuorumEpoch,
  describeQuorum,
  envelope,
  fetchSnapshot,
  addRaftVoter,
  removeRaftVoter,
  updateRaftVoter,
]);
