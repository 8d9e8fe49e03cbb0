/**
 * Broker registration, and the records that fence, unfence and retire a broker.
 *
 * Not here: sessions (`broker-heartbeats.ts`), the states (`broker-registration.machine.ts`).
 * Sources: `ClusterControlManager.registerBroker`, `ReplicationControlManager.handleBroker*`.
 * Differences: features and log directories are recorded but not checked.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type {
  BrokerRegistrationRequest,
  BrokerRegistrationResponse,
} from '../../wire/kafka/messages/broker-registration.ts';
import { CHANGE_FALSE, CHANGE_TRUE, NO_CHANGE } from '../metadata/delta.ts';
import type { MetadataImage } from '../metadata/image.ts';
import { CLUSTER_ID } from '../metadata/metadata-log.ts';
import type { MetadataRecord } from '../metadata/record.ts';
import type { ControllerResult, ClusterView } from './controller-result.ts';
import { addBroker, removeBroker, restartBroker } from './leader-election.ts';

/** STALE_BROKER_EPOCH unless the broker is registered with this epoch. */
export function brokerEpochError(image: MetadataImage, id: number, epoch: number): number {
  const registration = image.brokers.get(id);
  if (registration === undefined) return ErrorCode.STALE_BROKER_EPOCH;
  return registration.epoch === epoch ? ErrorCode.NONE : ErrorCode.STALE_BROKER_EPOCH;
}

interface RegistrationContext {
  /** Whether the broker id's present session is valid. */
  readonly hasValidSession: boolean;
  /** The offset that the decision's first record will have: the new broker epoch. */
  readonly nextOffset: number;
}

/**
 * Registers a broker. A new incarnation gets a new epoch and begins fenced; the same incarnation
 * keeps epoch and state.
 */
export function registerBroker(
  view: ClusterView,
  request: BrokerRegistrationRequest,
  { hasValidSession, nextOffset }: RegistrationContext,
): ControllerResult<BrokerRegistrationResponse> {
  const { brokerId, incarnationId } = request;
  const existing = view.image.brokers.get(brokerId);
  const isNew = existing?.incarnationId !== incarnationId;
  if (request.clusterId !== CLUSTER_ID) return refusal(ErrorCode.INCONSISTENT_CLUSTER_ID);
  if (brokerId < 0) return refusal(ErrorCode.INVALID_REGISTRATION);
  if (isNew && hasValidSession && existing?.inControlledShutdown === false) {
    return refusal(ErrorCode.DUPLICATE_BROKER_REGISTRATION);
  }
  const brokerEpoch = isNew || existing === undefined ? nextOffset : existing.epoch;
  assert(brokerEpoch >= (existing?.epoch ?? 0), 'broker epochs grow', { brokerEpoch, existing });
  const isClean = request.previousBrokerEpoch === existing?.epoch;
  const cleanUp = isNew && existing !== undefined ? restartBroker(view, brokerId, isClean) : [];
  const register: MetadataRecord = {
    type: 'RegisterBrokerRecord',
    data: {
      brokerId,
      isMigratingZkBroker: false,
      incarnationId,
      brokerEpoch,
      endPoints: request.listeners,
      features: request.features,
      rack: request.rack,
      fenced: isNew || existing === undefined ? true : existing.fenced,
      inControlledShutdown: isNew || existing === undefined ? false : existing.inControlledShutdown,
      logDirs: request.logDirs,
    },
  };
  const response = { throttleTimeMs: 0, errorCode: ErrorCode.NONE, brokerEpoch };
  return { records: [...cleanUp, register], response };
}

function refusal(errorCode: number): ControllerResult<BrokerRegistrationResponse> {
  assert(errorCode !== ErrorCode.NONE, 'a refusal has a reason');
  return { records: [], response: { throttleTimeMs: 0, errorCode, brokerEpoch: -1 } };
}

/** The broker leaves every ISR, then it is fenced. */
export function fenceRecords(view: ClusterView, brokerId: number): MetadataRecord[] {
  return [
    ...removeBroker(view, brokerId),
    changeRecord(view.image, brokerId, { fenced: CHANGE_TRUE, inControlledShutdown: NO_CHANGE }),
  ];
}

/** The broker is unfenced, then partitions without a leader are tried again. */
export function unfenceRecords(view: ClusterView, brokerId: number): MetadataRecord[] {
  return [
    changeRecord(view.image, brokerId, { fenced: CHANGE_FALSE, inControlledShutdown: NO_CHANGE }),
    ...addBroker(view, brokerId),
  ];
}

/** The broker is marked as shutting down, then it leaves every ISR and leads nothing any more. */
export function controlledShutdownRecords(view: ClusterView, brokerId: number): MetadataRecord[] {
  return [
    changeRecord(view.image, brokerId, { fenced: NO_CHANGE, inControlledShutdown: CHANGE_TRUE }),
    ...removeBroker(view, brokerId),
  ];
}

function changeRecord(
  image: MetadataImage,
  brokerId: number,
  change: { readonly fenced: number; readonly inControlledShutdown: number },
): MetadataRecord {
  const registration = image.brokers.get(brokerId);
  assert(registration !== undefined, 'a registered broker', { brokerId });
  const data = { brokerId, brokerEpoch: registration.epoch, logDirs: [], ...change };
  return { type: 'BrokerRegistrationChangeRecord', data };
}
