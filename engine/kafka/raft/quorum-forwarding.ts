/**
 * What a broker of a quorum passes on to it for tools: DescribeQuorum, AddRaftVoter and
 * RemoveRaftVoter, which `kafka-metadata-quorum.sh` may ask any broker for (KIP-853).
 *
 * Not here: the answers (`quorum-apis.ts`). Source: `KafkaApis.forwardToController`. Difference:
 * see `broker/forwarding.ts`.
 */
import type { Api } from '../../wire/kafka/api.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import { addRaftVoter } from '../../wire/kafka/messages/add-raft-voter.ts';
import {
  describeQuorum,
  type DescribeQuorumResponse,
} from '../../wire/kafka/messages/describe-quorum.ts';
import { removeRaftVoter } from '../../wire/kafka/messages/remove-raft-voter.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import { type ApiHandler, apiHandler } from '../api/api-handler.ts';
import type { BrokerModuleFactory } from '../broker/broker-module.ts';

interface Answered {
  readonly errorCode: number;
}

const NOT_LEADER = ErrorCode.NOT_LEADER_OR_FOLLOWER;

/** Asked of a controller that leads no more: another one is asked. */
function isNotLeader(response: Answered & Partial<DescribeQuorumResponse>): boolean {
  const partition = response.topics?.[0]?.partitions[0];
  return response.errorCode === NOT_LEADER || partition?.errorCode === NOT_LEADER;
}

function passedOn(api: Api): ApiHandler {
  return apiHandler<unknown>(api, ({ forwarding }, { body, respond }) => {
    forwarding.forward<Answered>(api, body, isNotLeader, (reply) => {
      respond(reply ?? { ...defaults(api.response), errorCode: ErrorCode.REQUEST_TIMED_OUT });
    });
  });
}

/** For the brokers of a cluster whose controllers vote. */
export const quorumForwarding: BrokerModuleFactory = {
  settings: {},
  create: () => ({
    handlers: [describeQuorum as Api, addRaftVoter as Api, removeRaftVoter as Api].map(passedOn),
    topics: [],
    elected: () => {},
    resigned: () => {},
    metadataChanged: () => {},
    close: () => {},
  }),
};
