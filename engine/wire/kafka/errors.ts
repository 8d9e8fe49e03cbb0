/**
 * Kafka's error codes: the values by which a broker says what went wrong. They are never thrown.
 *
 * The codes and names are those of apache/kafka, `common/protocol/Errors.java`; whether a client
 * may simply try again follows the exception class named there. The texts are ours.
 */
import { assert } from '../../kernel/assert.ts';

/** name: code, whether a retry may help, what it means. */
const table = {
  UNKNOWN_SERVER_ERROR: [-1, false, 'The broker failed in a way it has no code for.'],
  NONE: [0, false, 'No error.'],
  OFFSET_OUT_OF_RANGE: [1, false, 'The offset is below the log start or beyond the log end.'],
  CORRUPT_MESSAGE: [
    2,
    true,
    'A batch is damaged: its CRC, its size or a null key where a key is needed.',
  ],
  UNKNOWN_TOPIC_OR_PARTITION: [
    3,
    true,
    'This broker does not host that partition, or no broker does.',
  ],
  INVALID_FETCH_SIZE: [4, false, 'The fetch size is not possible.'],
  LEADER_NOT_AVAILABLE: [5, true, 'The partition has no leader at the moment.'],
  NOT_LEADER_OR_FOLLOWER: [
    6,
    true,
    'This broker does not lead the partition, or has no replica of it.',
  ],
  REQUEST_TIMED_OUT: [7, true, 'The request was not done in its time; what it did is not known.'],
  BROKER_NOT_AVAILABLE: [8, false, 'The broker is not there.'],
  REPLICA_NOT_AVAILABLE: [9, true, 'The replica is not there.'],
  MESSAGE_TOO_LARGE: [10, false, 'The batch is larger than max.message.bytes.'],
  STALE_CONTROLLER_EPOCH: [11, false, 'The controller that sent this has been replaced.'],
  OFFSET_METADATA_TOO_LARGE: [
    12,
    false,
    'The text that goes with the committed offset is too long.',
  ],
  NETWORK_EXCEPTION: [13, true, 'The connection went before the response came.'],
  COORDINATOR_LOAD_IN_PROGRESS: [14, true, 'The coordinator is still reading its log.'],
  COORDINATOR_NOT_AVAILABLE: [15, true, 'There is no coordinator at the moment.'],
  NOT_COORDINATOR: [16, true, 'This broker is not the coordinator.'],
  INVALID_TOPIC_EXCEPTION: [17, false, 'The topic cannot have this name or take this operation.'],
  RECORD_LIST_TOO_LARGE: [18, false, 'The batches are larger than a segment.'],
  NOT_ENOUGH_REPLICAS: [
    19,
    true,
    'Fewer replicas are in sync than min.insync.replicas; nothing was appended.',
  ],
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: [
    20,
    true,
    'The batch was appended, then the ISR fell below the minimum.',
  ],
  INVALID_REQUIRED_ACKS: [21, false, 'acks is not -1, 0 or 1.'],
  ILLEGAL_GENERATION: [22, false, 'The group is in another generation.'],
  INCONSISTENT_GROUP_PROTOCOL: [23, false, 'The member has no protocol in common with the group.'],
  INVALID_GROUP_ID: [24, false, 'The group id is not possible.'],
  UNKNOWN_MEMBER_ID: [25, false, 'The coordinator does not know this member.'],
  INVALID_SESSION_TIMEOUT: [
    26,
    false,
    'The session timeout is outside the range that the broker allows.',
  ],
  REBALANCE_IN_PROGRESS: [27, false, 'The group is rebalancing; the member has to join again.'],
  INVALID_COMMIT_OFFSET_SIZE: [28, false, 'The commit is too large for the offsets topic.'],
  TOPIC_AUTHORIZATION_FAILED: [29, false, 'Not allowed on this topic.'],
  GROUP_AUTHORIZATION_FAILED: [30, false, 'Not allowed on this group.'],
  CLUSTER_AUTHORIZATION_FAILED: [31, false, 'Not allowed on the cluster.'],
  INVALID_TIMESTAMP: [32, false, 'The timestamp is too far from the clock of the broker.'],
  UNSUPPORTED_SASL_MECHANISM: [33, false, 'The broker does not have this SASL mechanism.'],
  ILLEGAL_SASL_STATE: [34, false, 'The request does not fit the state of the SASL handshake.'],
  UNSUPPORTED_VERSION: [35, false, 'The broker does not have this version of the API.'],
  TOPIC_ALREADY_EXISTS: [36, false, 'There is a topic of this name.'],
  INVALID_PARTITIONS: [37, false, 'The number of partitions is below 1.'],
  INVALID_REPLICATION_FACTOR: [38, false, 'The factor is below 1 or above the number of brokers.'],
  INVALID_REPLICA_ASSIGNMENT: [
    39,
    false,
    'The assignment names a broker twice or one that is not there.',
  ],
  INVALID_CONFIG: [40, false, 'The configuration does not exist or cannot have this value.'],
  NOT_CONTROLLER: [41, true, 'This node is not the active controller.'],
  INVALID_REQUEST: [42, false, 'The request contradicts itself or the protocol.'],
  UNSUPPORTED_FOR_MESSAGE_FORMAT: [
    43,
    false,
    'The record format of the log lacks what was asked for.',
  ],
  POLICY_VIOLATION: [44, false, 'A policy of the cluster refused it.'],
  OUT_OF_ORDER_SEQUENCE_NUMBER: [
    45,
    false,
    'A sequence number does not follow on the last one of the producer.',
  ],
  DUPLICATE_SEQUENCE_NUMBER: [
    46,
    false,
    'The batch was appended before, too long ago to say where.',
  ],
  INVALID_PRODUCER_EPOCH: [47, false, 'The producer has an old epoch.'],
  INVALID_TXN_STATE: [48, false, 'The transaction cannot do this in its state.'],
  INVALID_PRODUCER_ID_MAPPING: [
    49,
    false,
    'The producer id does not belong to this transactional id.',
  ],
  INVALID_TRANSACTION_TIMEOUT: [
    50,
    false,
    'The transaction timeout is above what the broker allows.',
  ],
  CONCURRENT_TRANSACTIONS: [
    51,
    true,
    'The last transaction of the producer is still being completed.',
  ],
  TRANSACTION_COORDINATOR_FENCED: [52, false, 'The coordinator that sent this has been replaced.'],
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: [53, false, 'Not allowed for this transactional id.'],
  SECURITY_DISABLED: [54, false, 'Security is switched off.'],
  OPERATION_NOT_ATTEMPTED: [
    55,
    false,
    'It was not tried, since another part of the request failed.',
  ],
  KAFKA_STORAGE_ERROR: [56, true, 'The log directory failed.'],
  LOG_DIR_NOT_FOUND: [57, false, 'There is no such log directory.'],
  SASL_AUTHENTICATION_FAILED: [58, false, 'The credentials were refused.'],
  UNKNOWN_PRODUCER_ID: [59, false, 'The log has nothing left from this producer.'],
  REASSIGNMENT_IN_PROGRESS: [60, false, 'The partition is being reassigned.'],
  DELEGATION_TOKEN_AUTH_DISABLED: [61, false, 'Delegation tokens are switched off.'],
  DELEGATION_TOKEN_NOT_FOUND: [62, false, 'There is no such delegation token.'],
  DELEGATION_TOKEN_OWNER_MISMATCH: [63, false, 'The delegation token belongs to somebody else.'],
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: [
    64,
    false,
    'Delegation tokens cannot be handled on this connection.',
  ],
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: [65, false, 'Not allowed for this delegation token.'],
  DELEGATION_TOKEN_EXPIRED: [66, false, 'The delegation token has expired.'],
  INVALID_PRINCIPAL_TYPE: [67, false, 'The principal is of a type that is not supported.'],
  NON_EMPTY_GROUP: [68, false, 'The group has members.'],
  GROUP_ID_NOT_FOUND: [69, false, 'There is no such group.'],
  FETCH_SESSION_ID_NOT_FOUND: [70, true, 'The fetch session was dropped.'],
  INVALID_FETCH_SESSION_EPOCH: [71, true, 'The request is not the next one of the fetch session.'],
  LISTENER_NOT_FOUND: [72, true, 'The leader has no listener of this name.'],
  TOPIC_DELETION_DISABLED: [73, false, 'delete.topic.enable is false.'],
  FENCED_LEADER_EPOCH: [74, true, 'The leader epoch of the request is below that of the broker.'],
  UNKNOWN_LEADER_EPOCH: [75, true, 'The leader epoch of the request is above that of the broker.'],
  UNSUPPORTED_COMPRESSION_TYPE: [
    76,
    false,
    'The client or the topic cannot have this compression.',
  ],
  STALE_BROKER_EPOCH: [77, false, 'The broker epoch is not that of the last registration.'],
  OFFSET_NOT_AVAILABLE: [78, true, 'A new leader does not know its high watermark yet.'],
  MEMBER_ID_REQUIRED: [79, false, 'The member has to join again, with the id it was just given.'],
  PREFERRED_LEADER_NOT_AVAILABLE: [80, true, 'The preferred leader is not alive or not in sync.'],
  GROUP_MAX_SIZE_REACHED: [81, false, 'The group has as many members as it may have.'],
  FENCED_INSTANCE_ID: [82, false, 'Another member has joined with the same group.instance.id.'],
  ELIGIBLE_LEADERS_NOT_AVAILABLE: [83, true, 'No replica is eligible to lead.'],
  ELECTION_NOT_NEEDED: [84, true, 'The partition has the leader it should have.'],
  NO_REASSIGNMENT_IN_PROGRESS: [85, false, 'The partition is not being reassigned.'],
  GROUP_SUBSCRIBED_TO_TOPIC: [
    86,
    false,
    'The group is subscribed to the topic, so its offsets stay.',
  ],
  INVALID_RECORD: [87, false, 'A record does not hold what the topic needs.'],
  UNSTABLE_OFFSET_COMMIT: [88, true, 'An offset is part of an open transaction.'],
  THROTTLING_QUOTA_EXCEEDED: [89, true, 'The quota is used up for the moment.'],
  PRODUCER_FENCED: [90, false, 'Another producer with the same transactional id has taken over.'],
  RESOURCE_NOT_FOUND: [91, false, 'There is no such resource.'],
  DUPLICATE_RESOURCE: [92, false, 'There is such a resource already.'],
  UNACCEPTABLE_CREDENTIAL: [93, false, 'The credential cannot be used.'],
  INCONSISTENT_VOTER_SET: [94, false, 'The voters of sender and receiver differ.'],
  INVALID_UPDATE_VERSION: [95, false, 'The version of the update is not possible.'],
  FEATURE_UPDATE_FAILED: [96, false, 'The features could not be updated.'],
  PRINCIPAL_DESERIALIZATION_FAILURE: [97, false, 'The forwarded principal could not be read.'],
  SNAPSHOT_NOT_FOUND: [98, false, 'There is no such snapshot.'],
  POSITION_OUT_OF_RANGE: [99, false, 'The position is beyond the end of the snapshot.'],
  UNKNOWN_TOPIC_ID: [100, true, 'This broker does not know the topic id.'],
  DUPLICATE_BROKER_REGISTRATION: [101, false, 'Another live broker has this id.'],
  BROKER_ID_NOT_REGISTERED: [102, false, 'No broker is registered with this id.'],
  INCONSISTENT_TOPIC_ID: [103, true, 'The log of the partition belongs to another topic id.'],
  INCONSISTENT_CLUSTER_ID: [104, false, 'The node belongs to another cluster.'],
  TRANSACTIONAL_ID_NOT_FOUND: [105, false, 'There is no such transactional id.'],
  FETCH_SESSION_TOPIC_ID_ERROR: [
    106,
    true,
    'A fetch session cannot go from names to ids, or back.',
  ],
  INELIGIBLE_REPLICA: [107, false, 'The new ISR has a replica that may not be in it.'],
  NEW_LEADER_ELECTED: [108, false, 'The ISR was changed, and with it the leader.'],
  OFFSET_MOVED_TO_TIERED_STORAGE: [109, false, 'The offset is only in remote storage.'],
  FENCED_MEMBER_EPOCH: [110, false, 'The coordinator fenced the member; it has to join again.'],
  UNRELEASED_INSTANCE_ID: [111, false, 'The last member with this instance id has not left.'],
  UNSUPPORTED_ASSIGNOR: [112, false, 'The group cannot use this assignor.'],
  STALE_MEMBER_EPOCH: [113, false, 'The member epoch is old; the member has to learn the new one.'],
  MISMATCHED_ENDPOINT_TYPE: [
    114,
    false,
    'A broker was asked what a controller knows, or the reverse.',
  ],
  UNSUPPORTED_ENDPOINT_TYPE: [115, false, 'The node does not know this type of endpoint.'],
  UNKNOWN_CONTROLLER_ID: [116, false, 'There is no such controller.'],
  UNKNOWN_SUBSCRIPTION_ID: [117, false, 'The client metrics have another subscription id.'],
  TELEMETRY_TOO_LARGE: [118, false, 'The client metrics are too large.'],
  INVALID_REGISTRATION: [119, false, 'The registration of the broker cannot be accepted.'],
  TRANSACTION_ABORTABLE: [120, false, 'The transaction failed and has to be aborted.'],
  INVALID_RECORD_STATE: [
    121,
    false,
    'The acknowledgement does not fit the state of the shared record.',
  ],
  SHARE_SESSION_NOT_FOUND: [122, true, 'The share session was dropped.'],
  INVALID_SHARE_SESSION_EPOCH: [123, true, 'The request is not the next one of the share session.'],
  FENCED_STATE_EPOCH: [124, false, 'The state epoch of the share group is old.'],
  INVALID_VOTER_KEY: [125, false, 'The key of the voter is not that of the receiver.'],
  DUPLICATE_VOTER: [126, false, 'The voter is in the set already.'],
  VOTER_NOT_FOUND: [127, false, 'The voter is not in the set.'],
  INVALID_REGULAR_EXPRESSION: [128, false, 'The regular expression cannot be read.'],
  REBOOTSTRAP_REQUIRED: [129, false, 'The client has to start again from its bootstrap servers.'],
  STREAMS_INVALID_TOPOLOGY: [130, false, 'The streams topology cannot be used.'],
  STREAMS_INVALID_TOPOLOGY_EPOCH: [
    131,
    false,
    'The epoch of the streams topology is not the expected one.',
  ],
  STREAMS_TOPOLOGY_FENCED: [132, false, 'The streams topology is old.'],
  SHARE_SESSION_LIMIT_REACHED: [133, true, 'The broker has as many share sessions as it may have.'],
} as const;

type Table = typeof table;

/** The name of an error, as in `NOT_ENOUGH_REPLICAS`. */
export type ErrorName = keyof Table;

/** The codes by name: `ErrorCode.NOT_ENOUGH_REPLICAS` is 19. */
export const ErrorCode = Object.freeze(
  Object.fromEntries(Object.entries(table).map(([name, [code]]) => [name, code])),
) as { readonly [N in ErrorName]: Table[N][0] };

const rows = new Map(
  Object.entries(table).map(([name, [code, retriable, message]]) => [
    code as number,
    { name: name as ErrorName, retriable: retriable as boolean, message: message as string },
  ]),
);

function row(code: number) {
  const found = rows.get(code);
  assert(found !== undefined, 'not an error code of Kafka 4.1', { code });
  return found;
}

/** The name of a code; asserts that there is one. */
export function errorName(code: number): ErrorName {
  return row(code).name;
}

/** What the error means, in a sentence. */
export function errorMessage(code: number): string {
  return row(code).message;
}

/** Whether the same request may succeed later, perhaps after a look at the metadata. */
export function isRetriable(code: number): boolean {
  return row(code).retriable;
}
