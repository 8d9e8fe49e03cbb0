/**
 * DescribeCluster: the brokers that are alive (KIP-700).
 *
 * Differences: the controller id is this broker's own, as in Metadata. Controllers are not told: as
 * there, a broker refuses endpoint type 2, and 3 as none that there is.
 * Versions: 1 endpoint type (KIP-919); 2 fenced brokers (KIP-1073).
 */
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type DescribeClusterRequest,
  type DescribeClusterResponse,
  describeCluster,
  describeClusterResponse,
} from '../../wire/kafka/messages/describe-cluster.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import { apiHandler } from './api-handler.ts';

const BROKERS = 1;
const CONTROLLERS = 2;
const NOT_ASKED_FOR = -2_147_483_648;

export const describeClusterHandler = apiHandler<DescribeClusterRequest>(
  describeCluster,
  (broker, { body, respond }) => {
    const { endpointType, includeFencedBrokers } = body;
    if (endpointType !== BROKERS) {
      respond(refusal(endpointType));
      return;
    }
    const brokers = [...broker.image().brokers.values()].filter(
      ({ fenced }) => includeFencedBrokers || !fenced,
    );
    respond({
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      endpointType,
      clusterId: broker.clusterId,
      controllerId: broker.nodeId,
      brokers: brokers.map(({ id, endPoints, rack, fenced }) => ({
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

/** Of no brokers, as the default endpoint type. */
function refusal(endpointType: number): DescribeClusterResponse {
  const isKnown = endpointType === CONTROLLERS;
  return {
    ...defaults(describeClusterResponse),
    errorCode: isKnown ? ErrorCode.MISMATCHED_ENDPOINT_TYPE : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
    errorMessage: isKnown
      ? 'A broker was asked for controllers.'
      : `There is no endpoint type ${endpointType}.`,
  };
}
