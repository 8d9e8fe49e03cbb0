/**
 * DescribeCluster: the brokers that are alive (KIP-700).
 *
 * Differences: the controller id is this broker's own, as in Metadata; controllers are not told
 * (endpoint type 2 is refused). Versions: 1 endpoint type (KIP-919); 2 fenced brokers (KIP-1073).
 */
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type DescribeClusterRequest,
  type DescribeClusterResponse,
  describeCluster,
} from '../../wire/kafka/messages/describe-cluster.ts';
import { apiHandler } from './api-handler.ts';

const BROKERS = 1;
const NOT_ASKED_FOR = -2_147_483_648;

export const describeClusterHandler = apiHandler<DescribeClusterRequest>(
  describeCluster,
  (broker, { body, respond }) => {
    const { endpointType, includeFencedBrokers } = body;
    const known = endpointType === BROKERS;
    const brokers = [...broker.image().brokers.values()].filter(
      ({ fenced }) => includeFencedBrokers || !fenced,
    );
    respond({
      throttleTimeMs: 0,
      errorCode: known ? ErrorCode.NONE : ErrorCode.MISMATCHED_ENDPOINT_TYPE,
      errorMessage: null,
      endpointType,
      clusterId: broker.clusterId,
      controllerId: broker.nodeId,
      brokers: (known ? brokers : []).map(({ id, endPoints, rack, fenced }) => ({
        brokerId: id,
        host: endPoints[0]?.host ?? '',
        port: endPoints[0]?.port ?? -1,
        rack,
        isFenced: fenced,
      })),
      clusterAuthorizedOperations: NOT_ASKED_FOR,
    } satisfies DescribeClusterResponse);
  },
);
