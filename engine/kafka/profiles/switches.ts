/**
 * The named switches of Kafka's behaviour, each with the releases that have it on and the source of
 * that date.
 *
 * A *quirk* is a switch that is set by name and not by the release: a historical bug in a new
 * release, or a design that was never released and that a model showed to be wrong.
 * Not here: what a switch does; that stands where the behaviour is.
 *
 * The dates are those of the commits in the tags of apache/kafka, by the last patch release of a
 * minor release (see `releases.ts`); where they differ from the first, `source` says so.
 */
import type { SwitchDefinition } from '../../kernel/releases.ts';
import type { Release } from './releases.ts';

export const switches = {
  leaderEpochTruncation: {
    since: '0.11',
    about: 'A follower truncates by leader epoch, not to its own high watermark.',
    source: 'KIP-101, KAFKA-1211',
  },
  epochReplyWithEpoch: {
    since: '2.0',
    about: 'OffsetForLeaderEpoch answers with the largest epoch at or below the asked one.',
    source: 'KIP-279, KAFKA-6361',
  },
  isrJoinNeedsEpochStart: {
    since: '2.0',
    about: 'A follower joins the ISR only at or beyond the start offset of the leader epoch.',
    source: 'KAFKA-7128: 2.0.1 and 2.1.0',
  },
  epochFencing: {
    since: '2.1',
    about: 'Requests between brokers carry currentLeaderEpoch; a mismatch is fenced.',
    source: 'KIP-320, KAFKA-7395',
  },
  isrJoinNeedsFetchInEpoch: {
    since: '2.1',
    about:
      'A follower counts for the ISR by a fetch of the present leader epoch, not of an old one.',
    source:
      'KIP-320, KAFKA-7395: before, a fetch had no epoch. It helps since the controller ends the ' +
      'epoch when it takes a replica away (PartitionChangeBuilder.' +
      'triggerLeaderEpochBumpForReplicaReassignmentIfNeeded; KafkaController before KRaft). Off ' +
      'in a new release, the leader takes in the position of a fetch that it fences',
  },
  offsetNotAvailable: {
    since: '2.2',
    about: 'A new leader whose high watermark is stale refuses latest offsets with error 78.',
    source: 'KIP-207, KAFKA-2334',
  },
  consumerChecksTruncation: {
    since: '2.3',
    about: 'Clients send currentLeaderEpoch too, and check positions after a change of leader.',
    source: 'KIP-320, KAFKA-7747',
  },
  stickyPartitioner: {
    since: '2.4',
    about: 'Records without a key stay with one partition until the batch is full.',
    source: 'KIP-480, KAFKA-8601',
  },
  fetchFromFollower: {
    since: '2.4',
    about: 'A follower serves consumers below its high watermark; the leader sends them there.',
    source: 'KIP-392, KAFKA-8443, KAFKA-9004',
  },
  truncationInFetch: {
    since: '2.8',
    about: 'The leader names the diverging epoch in the Fetch reply; no separate request.',
    source: 'KIP-595, KAFKA-10554 (2.7 had the fields, but followers did not use them)',
  },
  countsPendingIsr: {
    since: '0.8',
    about: 'The leader counts who it asked to join the ISR before the controller has confirmed it.',
    source:
      'KIP-497, KAFKA-8836, since 2.7 (maximalIsr). No release has it off: before 2.7 a leader ' +
      'wrote the ISR to ZooKeeper itself, and nothing was pending. Off, it is the error in the ' +
      'design that the formal model of KIP-497 excludes',
  },
  cleanerKeepsMarkers: {
    since: '3.0',
    about: "The cleaner does not look up a marker's key: no record of a user removes a marker.",
    source: 'KAFKA-14055: 3.0.2, 3.1.2, 3.2.1 and 3.3.0; never mended in 2.8',
  },
  uniformStickyPartitioner: {
    since: '3.3',
    about: 'Records without a key switch partition after batch.size bytes, whatever linger did.',
    source: 'KIP-794, KAFKA-10888',
  },
  truncatesBeforeHighWatermark: {
    since: '3.4',
    about: 'A follower that is told of a diverging epoch truncates before it takes the new HW.',
    source: 'KAFKA-14704: 3.4.1 and 3.5.0; the bug came with truncation in Fetch, in 2.8',
  },
  brokerEpochInIsrChange: {
    since: '3.5',
    about: 'The ISR is proposed with broker epochs, so a rebooted follower cannot sneak into it.',
    source: 'KIP-903, KAFKA-14617',
  },
  refusesStaleFetch: {
    since: '3.7',
    about: "A fetch from a follower's earlier life does not count once a later one is known.",
    source: 'KAFKA-15221',
  },
  leaderEpochBumpOnIsrShrink: {
    since: '3.0',
    until: '3.6',
    about: 'An ISR that shrinks bumps the leader epoch although the leader stays.',
    source: 'KAFKA-12803 (KRaft; with ZooKeeper a leader shrank it without); KAFKA-15021',
  },
  uncleanElectionOnConfigChange: {
    since: '2.1',
    until: '3.9',
    about: 'Enabling unclean election for a topic elects at once, not at the next periodic check.',
    source: 'KAFKA-6835 (ZooKeeper); KRaft checks every five minutes instead: KAFKA-12670',
  },
  highWatermarkNeedsMinIsr: {
    since: '3.7',
    about: 'The high watermark does not move while the ISR is below min.insync.replicas.',
    source: 'KIP-966, KAFKA-15583',
  },
  eligibleLeaderReplicas: {
    since: '4.1',
    about:
      'The controller remembers the replicas that left an ISR at its minimum, and may elect one.',
    source: 'KIP-966; in 4.0 off by default, since 4.1 on for new clusters',
  },
  shareGroups: {
    since: '4.1',
    about: 'A broker that has the module of share groups answers their requests.',
    source:
      'KIP-932: early access in 4.0, with a version 0 of its APIs that 4.1 took away; preview in ' +
      '4.1 (share.version=1), for production since 4.2',
  },
  markerRenewsProducer: {
    since: '2.4',
    about:
      'The end of a transaction renews its producer in a log, so that it is not forgotten early.',
    source: 'KAFKA-9144: 2.4.1 and 2.5.0',
  },
  sendsGroupMetadata: {
    since: '2.5',
    about: 'A producer says which member of which generation consumed; a zombie is fenced by it.',
    source: 'KIP-447, KAFKA-8587 (TxnOffsetCommit v3)',
  },
  verifiesFirstWrite: {
    since: '3.6',
    about:
      "A leader asks the coordinator before it appends a transaction's first batch to a partition.",
    source: 'KIP-890 part 1, KAFKA-14402, KAFKA-14884',
  },
  transactionVersion2: {
    since: '4.0',
    about: 'Each end of a transaction raises the epoch of its producer (transaction.version=2).',
    source: 'KIP-890 part 2, KAFKA-14562',
  },
  epochFenceBumpsOnce: {
    since: '0.11',
    about: 'A coordinator that fences a producer raises its epoch by one, not by two.',
    source: 'KAFKA-19367: only 4.0.0 raised it twice, with transaction.version=2; 4.0.1 does not',
  },
} as const satisfies Record<string, SwitchDefinition<Release>>;

export type SwitchName = keyof typeof switches;
