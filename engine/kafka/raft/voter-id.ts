/**
 * Who is who in the metadata quorum: a node's id, its directory id and its address, and the name by
 * which `consensus` knows it.
 *
 * Source: `org.apache.kafka.raft.ReplicaKey`, `VoterSet`. Difference: a directory id follows from
 * the node id, so that a controller whose disk was replaced is taken for the one that it was, as
 * before KIP-853; who replaces a disk must remove the voter first, and add it again.
 */
import { assert } from '../../kernel/assert.ts';
import type { MemberId } from '../../consensus/message.ts';
import type { Address } from '../../kernel/ports.ts';
import { METADATA_PARTITION, METADATA_TOPIC } from '../metadata/metadata-log.ts';

/** A controller, voter or not, and where it listens. */
export interface ControllerNode extends Address {
  readonly nodeId: number;
}

const NODE_ID_MAX = 999_999;
const DIRECTORY_PREFIX = 'HighwaterDirect';

/** In a field for a node id: none. */
export const NO_NODE = -1;

export function memberOf(nodeId: number): MemberId {
  assert(Number.isInteger(nodeId) && nodeId >= 0, 'a node id', { nodeId });
  return String(nodeId);
}

export function nodeOf(member: MemberId): number {
  const nodeId = Number(member);
  assert(Number.isInteger(nodeId) && nodeId >= 0, 'a member is named by its node id', { member });
  return nodeId;
}

/** The id of the directory that holds a controller's log: 22 characters of base64url. */
export function directoryIdOf(nodeId: number): string {
  assert(nodeId <= NODE_ID_MAX, 'a node id of six digits', { nodeId });
  // The last of 22 characters carries two bits: A, Q, g or w.
  const digits = String(nodeId).padStart(6, '0');
  return `${DIRECTORY_PREFIX}${digits}A`;
}

/** The one partition of the metadata topic, as most messages of the quorum have it. */
export function inTopics<P>(partition: P) {
  const partitions = [{ partitionIndex: METADATA_PARTITION, ...partition }];
  return [{ topicName: METADATA_TOPIC, partitions }];
}
