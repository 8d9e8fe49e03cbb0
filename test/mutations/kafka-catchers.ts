/**
 * The catcher of each mutation of Kafka's engine, and of what all brokers stand on, by the name of
 * the patch without its ending.
 */
import { test } from './catcher.ts';
import type { Catcher } from './catcher.ts';

const proof = (id: string): Catcher => ({ kind: 'proof', experiment: 'acks-and-loss', proof: id });
/** The outside checker of one invariant, on clusters under random faults. */
const checker = (id: string) => test('test/lab/check.test.ts', `${id} holds under random faults`);
/** Scenes that the outside checkers look at. */
const OUTSIDE = 'test/lab/outside-checkers.test.ts';
const FETCH = 'test/kafka/broker/fetch.test.ts';
const PRODUCE = 'test/kafka/broker/produce.test.ts';
const CLEANING = 'test/kafka/cleaner/cleaning.test.ts';
const DELETE_RECORDS = 'test/kafka/broker/delete-records.test.ts';
const TRANSACTION = 'test/kafka/transaction/transaction-coordinator.test.ts';
const TRANSACTION_INDEX = 'test/kafka/partition/transaction-index.test.ts';
const FAILOVER = 'test/kafka/broker/failover.test.ts';
const ELECTION = 'test/consensus/election.test.ts';
const MEMBERSHIP = 'test/consensus/membership.test.ts';
const WILD_QUORUM = 'test/kafka/raft/wild-quorum.test.ts';
const GROUP_FAILOVER = 'test/kafka/group/failover.test.ts';
const QUORUM_QUEUE = 'test/rabbitmq/quorum/quorum-queue.test.ts';

export const kafkaCatchers: Readonly<Record<string, Catcher>> = {
  // replication
  'high-watermark-is-max': test(
    'test/kafka/slice.test.ts',
    'kafka: slice: acks=all loses nothing that was acknowledged (power)',
  ),
  'acks-all-not-awaited': proof('acks-all-keeps'),
  'min-insync-replicas-ignored': proof('min-isr-2-refuses'),
  'isr-never-shrinks': test(
    'test/kafka/broker/lifecycle.test.ts',
    'kafka: isr: a follower that lags leaves, and comes back when it has caught up',
  ),
  'join-at-stale-high-watermark': test(
    FAILOVER,
    'kafka: failover: a follower joins at the start of the leader epoch',
  ),
  'restarted-replica-joins-isr': test(
    'test/kafka/partition/in-sync-replicas.test.ts',
    'kafka: in-sync replicas: K9: only who lives as when it fetched may join (KIP-903)',
  ),
  'truncates-to-high-watermark': test(
    FAILOVER,
    'kafka: failover: follower truncates by epoch, not by high watermark',
  ),
  'epoch-end-of-own-epoch': test(
    'test/kafka/partition/leader-epoch-cache.test.ts',
    'an epoch ends where the next begins, the latest at the log end (KIP-101)',
  ),
  // elections
  'leader-epoch-not-bumped': test(
    'test/kafka/controller/partition-change-builder.test.ts',
    'a change of the leader bumps leader epoch and partition epoch',
  ),
  'unclean-election-when-disabled': proof('unclean-election-loses'),
  // requests
  'producer-sequence-unchecked': test(
    PRODUCE,
    'kafka: produce: a gap in the sequence is OUT_OF_ORDER_SEQUENCE_NUMBER',
  ),
  'duplicate-batch-appended': proof('idempotence-prevents-duplicates'),
  'produce-crc-unchecked': test(
    PRODUCE,
    'kafka: produce: a flipped bit is error 2 and nothing is appended',
  ),
  'consumer-reads-beyond-high-watermark': checker('K12'),
  'long-poll-never-completes': test(FETCH, 'kafka: fetch: minBytes waits for so many bytes'),
  // storage
  'index-lookup-off-by-one': test(
    'test/storage/index.test.ts',
    'a lookup finds the last entry at or below the offset',
  ),
  'recovery-keeps-bad-crc': test(
    'test/storage/recovery.test.ts',
    'the log is cut at the first frame with a bad checksum, and what follows goes',
  ),
  'retention-beyond-high-watermark': test(
    OUTSIDE,
    'K17: what the followers lack outlives its retention',
  ),
  // compaction and DeleteRecords
  'cleaning-drops-last-record': checker('K16'),
  'cleaned-offsets-close-up': test(
    CLEANING,
    'below the checkpoint each key has its last value only, at its old offset',
  ),
  'tombstone-goes-at-once': test(
    CLEANING,
    'a tombstone stays for delete.retention.ms after the cleaning that met it (KIP-534)',
  ),
  'cleaning-above-high-watermark': test(
    CLEANING,
    'nothing at or above the high watermark, and not the active segment, is cleaned',
  ),
  'cleaned-sequence-is-forgotten': test(
    CLEANING,
    'the last batch of a producer stays as an empty one, so that its sequence is known',
  ),
  'swap-deletes-before-it-is-whole': test(
    CLEANING,
    'a crash at any change of the disk leaves a log that has every last value',
  ),
  'completed-swap-keeps-old-segments': test(
    CLEANING,
    'a swap that had begun is completed: the segments that it replaces go',
  ),
  'delete-records-not-awaited': test(
    DELETE_RECORDS,
    'a live follower that does not fetch is waited for, though the start has moved',
  ),
  'delete-records-beyond-high-watermark': test(
    DELETE_RECORDS,
    'beyond the high watermark is OFFSET_OUT_OF_RANGE, and -1 stands for it',
  ),
  // groups, at the coordinator
  'commit-answered-before-replicas': test(
    OUTSIDE,
    'K33: what was told to be committed outlives the coordinator',
  ),
  'uncommitted-offset-is-read': test(
    GROUP_FAILOVER,
    'kafka: coordinator: a commit is answered when the in-sync replicas have it',
  ),
  'sync-told-before-the-log-has-it': test(
    GROUP_FAILOVER,
    'kafka: coordinator: an assignment is told when the in-sync replicas have it',
  ),
  'coordinator-loads-to-high-watermark': test(
    'test/kafka/group/coordinator.machine.test.ts',
    'kafka: coordinator: machine: loading waits for what may have been acknowledged',
  ),
  'generation-unchecked': test(
    OUTSIDE,
    'K30: a member of the generation before is granted nothing',
  ),
  'static-member-not-fenced': test(
    'test/kafka/group/classic-group.test.ts',
    'kafka: classic group: an instance that comes back makes no rebalance',
  ),
  'tombstone-not-replayed': test(
    'test/kafka/group/offsets.test.ts',
    'kafka: offsets: DeleteGroups takes a group with its offsets, if nobody is in it',
  ),
  'rebalance-forgets-who-waits': test(
    'test/kafka/group/classic-group.test.ts',
    'kafka: classic group: whoever waits for an assignment is sent to join again',
  ),
  // groups, on the consumers' side
  'cooperative-hands-over-at-once': test(
    OUTSIDE,
    'K31: a cooperative group gives nothing to two members',
  ),
  'slow-application-stays': test(
    'test/kafka/client/consumer/group-consumer.test.ts',
    'an application that takes longer than max.poll.interval.ms is out of the group',
  ),
  'joins-without-commit': test(
    'test/kafka/client/consumer/group-commits.test.ts',
    'range: what was read is committed before it moves, so nothing is read twice',
  ),
  // the simulated world
  'page-cache-survives-power': proof('acks-all-min-isr-1-loses'),
  'heap-ignores-sequence': test(
    'test/sim/world.test.ts',
    'timers due at the same time fire in the order in which they were set (S2)',
  ),
  'dead-incarnation-receives': test(
    'test/sim/world.test.ts',
    'a killed process has its connections reset; a timer of the dead never fires',
  ),
  // what only the outside checkers of the invariants see
  'stale-leader-epoch-is-served': checker('K9'),
  'acknowledged-before-high-watermark': checker('K4'),
  'maximal-isr-forgets-who-joins': checker('K7'),
  'index-names-first-offset': checker('K14'),
  'retry-is-told-another-offset': checker('K20'),
  'recovery-point-runs-ahead': test(
    'test/lab/check.test.ts',
    'what is lost beyond the promise is told as such, with a reason, and not as broken',
  ),
  'truncates-one-batch-too-many': checker('K11'),
  'dropped-message-uncounted': checker('S3'),
  'sync-leaves-platter-behind': checker('S4'),
  'trace-keeps-everything': test(
    'test/lab/check.test.ts',
    'S5: a trace keeps no more than its limit, and counts what it drops',
  ),
  'random-stream-remembers-last-run': test(
    'test/lab/check.test.ts',
    'S1: a run goes the same way twice',
  ),
  // bytes
  'varlong-loses-continuation': test(
    'test/bytes/bytes.test.ts',
    '17179869184 as a varlong is 808080808001 (ByteUtilsTest)',
  ),
  'murmur2-tail-reversed': test(
    'test/kafka/client/producer/partitioner.test.ts',
    'the key foobar goes by its murmur2 hash -790332482',
  ),
  'granted-before-it-is-free': test(
    'test/kafka/client/consumer/consumer-membership.test.ts',
    'a second one: only what moves is given up, first, and nothing else stops',
  ),
  'close-commits-what-is-not-processed': test(
    'test/lab/swarm/swarm.test.ts',
    'kafka: swarm: seed 157 holds: a member closes between two polls (K34)',
  ),
  // share groups
  'share-state-is-not-written': test(
    'test/lab/kafka-share-groups.test.ts',
    'a failover of the leader keeps what was accepted and how often a record came',
  ),
  // the quorum of controllers
  'quorum-counts-one-too-few': test(
    WILD_QUORUM,
    'T1 to T8 and all of Kafka hold over seeds of faults, and nothing is lost',
  ),
  'vote-for-a-shorter-log': test(
    ELECTION,
    'a log that is behind gets no vote, by term first and then by length (5.4.1)',
  ),
  'two-votes-in-a-term': test(ELECTION, 'a vote is remembered through a loss of power'),
  'voters-change-before-term-commits': test(
    MEMBERSHIP,
    'no change before a commit of the term (the bug of 2015)',
  ),
  'last-voter-is-removed': test(MEMBERSHIP, 'the last voter cannot go'),
  'sync-of-replaced-log-counts': test(
    'test/consensus/replication.test.ts',
    'T7: a sync of a log that a snapshot has replaced says nothing of the new one',
  ),
  // transactions
  'fenced-producer-adds-partitions': test(
    TRANSACTION,
    'kafka: transaction: a second producer fences the first and aborts what it began',
  ),
  'aborted-transactions-not-told': test(OUTSIDE, 'K23: of what was aborted nothing is read'),
  'first-write-is-not-verified': test(
    TRANSACTION_INDEX,
    'kafka: transactions of a log: a guard is good for one transaction (KAFKA-14884)',
  ),
  'older-coordinator-writes-marker': test(
    OUTSIDE,
    'K25: a coordinator that was replaced ends no transaction',
  ),
  'prepared-is-not-completed': test(
    TRANSACTION,
    'kafka: transaction: what is prepared is completed by the next coordinator (K26)',
  ),
  'marker-keeps-old-epoch': test(OUTSIDE, 'K22: who was replaced writes nothing more'),
  'what-was-not-added-is-verified': test(
    OUTSIDE,
    'K24: a late batch begins no transaction that its coordinator does not know',
  ),
  'decided-transaction-is-open-again': test(
    OUTSIDE,
    'K26: the next coordinator goes on with what was decided',
  ),
  // answers, generations, and the log of a leader
  'requests-of-a-connection-overtake': test(
    OUTSIDE,
    'K18: a request that could be answered waits for the one before',
  ),
  'generation-goes-back': test(OUTSIDE, 'K32: each generation is greater than the one before'),
  'own-vote-is-not-awaited': test(
    ELECTION,
    'a voter that is alone leads when its own vote is durable, not before',
  ),
  'leader-overwrites-its-log': test(
    'test/consensus/invariants.test.ts',
    'T2: a leader keeps what it has appended, whoever has it',
  ),

  'quorum-queue-confirms-without-a-majority': test(
    QUORUM_QUEUE,
    'R15: confirmed when a majority has it, on whichever node it was published',
  ),
};
