/**
 * OffsetForLeaderEpoch: where an epoch ends in the leader's log. Followers of old releases and
 * consumers truncate by it.
 *
 * Behaviour: the largest epoch at or below the asked one and its end (KIP-279). With the switch
 * `epochReplyWithEpoch` off the answer has no epoch, as in KIP-101 before that.
 * Differences: none known. Versions: 3 the replica id (KIP-320).
 */
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type OffsetForLeaderEpochRequest,
  offsetForLeaderEpoch,
} from '../../wire/kafka/messages/offset-for-leader-epoch.ts';
import { apiHandler } from './api-handler.ts';

export const offsetForLeaderEpochHandler = apiHandler<OffsetForLeaderEpochRequest>(
  offsetForLeaderEpoch,
  (broker, request) => {
    const withEpoch = broker.profile.switches.epochReplyWithEpoch;
    const topics = request.body.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition: index, currentLeaderEpoch, leaderEpoch }) => {
        const partition = broker.replicas.get(topic, index);
        if (partition === undefined) {
          const errorCode = broker.replicas.missingError(topic, index);
          return { errorCode, partition: index, leaderEpoch: -1, endOffset: -1 };
        }
        const end = partition.endOfEpoch(currentLeaderEpoch, leaderEpoch, true);
        const known = end.errorCode === ErrorCode.NONE && withEpoch;
        return {
          errorCode: end.errorCode,
          partition: index,
          leaderEpoch: known ? end.epoch : -1,
          endOffset: end.endOffset,
        };
      }),
    }));
    request.respond({ throttleTimeMs: 0, topics });
  },
);
