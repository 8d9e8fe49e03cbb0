/**
 * Parts that messages of the metadata quorum share: where nodes listen (KIP-853), and which epoch a
 * partition's leader has.
 */
import { array, int16, int32, string, uint16 } from '../schema.ts';

/** Where the nodes that a response names listen, above all the leader. */
export function nodeEndpoints({ since }: { readonly since: number }) {
  return array({ nodeId: int32(), host: string(), port: uint16() }, { since, tag: 0 });
}

/** The listeners of one node. */
export function listeners({ since }: { readonly since: number }) {
  return array({ name: string(), host: string(), port: uint16() }, { since });
}

/** What a voter answers for a partition: the leader that it knows, or why the request is void. */
export function quorumAnswers() {
  return array({
    topicName: string(),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16(),
      leaderId: int32(),
      leaderEpoch: int32(),
    }),
  });
}
