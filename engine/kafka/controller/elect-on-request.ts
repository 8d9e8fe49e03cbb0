/**
 * ElectLeaders: elections that an administrator asks for, of some partitions or of all.
 *
 * Not here: one partition's election (`leader-election.ts`).
 * Source: `ReplicationControlManager.electLeaders`.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type {
  ElectLeadersRequest,
  ElectLeadersResponse,
} from '../../wire/kafka/messages/elect-leaders.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import type { ClusterView, ControllerResult } from './controller-result.ts';
import { electLeader } from './leader-election.ts';
import type { Election } from './partition-change-builder.ts';

/** `ElectionType` on the wire. */
const PREFERRED = 0;
const UNCLEAN = 1;

/** The results by partition, and the records of those that were elected. */
export function electOnRequest(
  view: ClusterView,
  request: ElectLeadersRequest,
): ControllerResult<ElectLeadersResponse> {
  const { electionType } = request;
  const response = { throttleTimeMs: 0, errorCode: ErrorCode.NONE };
  if (electionType !== PREFERRED && electionType !== UNCLEAN) {
    const errorCode = ErrorCode.INVALID_REQUEST;
    return { records: [], response: { ...response, errorCode, replicaElectionResults: [] } };
  }
  const election: Election = electionType === PREFERRED ? 'PREFERRED' : 'UNCLEAN';
  const asked = request.topicPartitions ?? everyPartition(view);
  const records: MetadataRecord[] = [];
  const replicaElectionResults = asked.map(({ topic, partitions }) => {
    const results = partitions.map((partitionId) => ({
      partitionId,
      ...electLeader(view, { topic, partitionId, election }, records),
    }));
    // Who asked for all partitions does not hear of those that have the leader that is wished.
    const partitionResult = results.filter(
      ({ errorCode }) =>
        request.topicPartitions !== null || errorCode !== ErrorCode.ELECTION_NOT_NEEDED,
    );
    return { topic, partitionResult };
  });
  assert(replicaElectionResults.length === asked.length, 'a result a topic');
  return { records, response: { ...response, replicaElectionResults } };
}

function everyPartition(view: ClusterView): { topic: string; partitions: number[] }[] {
  return [...view.image.topics.values()].map((topic) => ({
    topic: topic.name,
    partitions: [...topic.partitions.keys()],
  }));
}
