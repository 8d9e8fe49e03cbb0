/**
 * What consumers of one group tell each other inside JoinGroup and SyncGroup: the coordinator hands
 * these bytes on. Their version stands in front, and every version can be read by every reader: a
 * newer one as far as the newest that the reader knows, with the rest unread.
 *
 *     | version int16 | fields |
 *
 * Subscription, version 1 tells what the member owns (KIP-429), 2 of which generation that is
 * (KIP-792), 3 the member's rack (KIP-881). Assignment, versions 1 to 3 say what 0 does.
 *
 * Source: apache/kafka, `ConsumerProtocol`, `ConsumerProtocolSubscription.json`,
 * `ConsumerProtocolAssignment.json`. Bytes that make no sense give null here, an exception there.
 */
import { assert, present } from '../../kernel/assert.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { Reader } from '../../bytes/reader.ts';
import { Writer } from '../../bytes/writer.ts';
import { compile, type Plan } from './plan.ts';
import { array, bytes, int32, string, struct, type DataOf } from './schema.ts';

/** `protocolType` in JoinGroup, where these bytes are. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer';
export const CONSUMER_PROTOCOL_VERSION_MAX = 3;

export const consumerProtocolSubscription = struct('ConsumerProtocolSubscription', {
  topics: array(string(), { about: 'In ascending order.' }),
  userData: bytes({ nullable: true, default: null, about: 'For the assignor alone.' }),
  ownedPartitions: array({ topic: string(), partitions: array(int32()) }, { since: 1 }),
  generationId: int32({
    since: 2,
    default: -1,
    about: 'In which the partitions are owned; what is owned since an earlier one may be stale.',
  }),
  rackId: string({ since: 3, nullable: true, default: null }),
});
export type ConsumerProtocolSubscription = DataOf<typeof consumerProtocolSubscription>;

export const consumerProtocolAssignment = struct('ConsumerProtocolAssignment', {
  assignedPartitions: array({ topic: string(), partitions: array(int32()) }),
  userData: bytes({ nullable: true, default: null }),
});
export type ConsumerProtocolAssignment = DataOf<typeof consumerProtocolAssignment>;

const VERSIONS = [0, 1, 2, 3];
assert(VERSIONS.at(-1) === CONSUMER_PROTOCOL_VERSION_MAX, 'versions', { VERSIONS });
const subscriptionPlans = VERSIONS.map((v) => compile(consumerProtocolSubscription, v, false));
const assignmentPlans = VERSIONS.map((v) => compile(consumerProtocolAssignment, v, false));

/** A member's subscription as JoinGroup's `metadata`. */
export function encodeSubscription(
  subscription: ConsumerProtocolSubscription,
  version: number = CONSUMER_PROTOCOL_VERSION_MAX,
): Uint8Array {
  return encode(subscriptionPlans, version, subscription);
}

/** What a member is to have, as SyncGroup's `assignment`. */
export function encodeAssignment(
  assignment: ConsumerProtocolAssignment,
  version: number = CONSUMER_PROTOCOL_VERSION_MAX,
): Uint8Array {
  return encode(assignmentPlans, version, assignment);
}

/** The subscription in JoinGroup's `metadata`; null if the bytes are none. */
export function decodeSubscription(metadata: Uint8Array): ConsumerProtocolSubscription | null {
  return decode(subscriptionPlans, metadata);
}

/** The assignment in SyncGroup's `assignment`; null if the bytes are none. */
export function decodeAssignment(assignment: Uint8Array): ConsumerProtocolAssignment | null {
  return decode(assignmentPlans, assignment);
}

const VERSION_BYTES = 2;

function encode<D>(plans: readonly Plan<D>[], version: number, data: D): Uint8Array {
  const plan = present(plans[version], 'a version');
  const size = VERSION_BYTES + plan.size(data);
  const writer = new Writer(size);
  writer.int16(version);
  plan.write(writer, data);
  assert(writer.length === size, 'size and bytes differ', { size, bytes: writer.length });
  return writer.finish();
}

function decode<D>(plans: readonly Plan<D>[], from: Uint8Array): D | null {
  try {
    const reader = new Reader(from);
    const version = reader.int16();
    if (version < 0) return null;
    const plan = present(plans[Math.min(version, CONSUMER_PROTOCOL_VERSION_MAX)], 'a version');
    return plan.read(reader);
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
