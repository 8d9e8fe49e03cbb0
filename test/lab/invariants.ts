/**
 * The invariants of the simulated world and of Kafka's log and replication, as data: where the
 * engine asserts each one, and what makes its outside checker turn red. The words of the
 * invariants are in the engine's files; here is what shows that none of them is idle.
 */
import type { Wildness } from './check-cluster.ts';

/**
 * `quirk`: a switch of the engine under random faults; some seed of the first so many breaks it.
 * `patch`: a mutation, `test/mutations/<name>.patch`, whose catcher is beside it.
 * `test`: another test, that shows the checker what it must not let pass.
 * `rig`: a world that is tampered with, by the invariant's name in `invariants.test.ts`.
 */
export type Trip =
  | { readonly by: 'quirk'; readonly wild: Wildness; readonly seedsMax: number }
  | { readonly by: 'patch'; readonly name: string }
  | { readonly by: 'test'; readonly file: string; readonly name: string }
  | { readonly by: 'rig' };

export interface InvariantRow {
  readonly id: string;
  readonly says: string;
  /** A file of the engine and a text that stands in it. */
  readonly assertion: readonly [file: string, text: string];
  readonly trip: Trip;
}

/** Followers cut to their own high watermark, as before KIP-101. */
const truncation: Wildness = {
  quirks: { leaderEpochTruncation: false, truncationInFetch: false },
};
const seeds = (wild: Wildness): Trip => ({ by: 'quirk', wild, seedsMax: 120 });
const patch = (name: string): Trip => ({ by: 'patch', name });
const RIG: Trip = { by: 'rig' };
const shareTest = (name: string): Trip => ({
  by: 'test',
  file: 'test/lab/share-invariants.test.ts',
  name,
});
const rabbitTest = (name: string): Trip => ({
  by: 'test',
  file: 'test/lab/rabbitmq-checks.test.ts',
  name,
});
const RAFT: Trip = {
  by: 'test',
  file: 'test/consensus/invariants.test.ts',
  name: '$id: the checker turns red',
};

const PARTITION = 'engine/kafka/partition/partition.ts';
const LOG = 'engine/kafka/partition/unified-log.ts';

function row(
  id: string,
  says: string,
  assertion: InvariantRow['assertion'],
  trip: Trip,
): InvariantRow {
  return { id, says, assertion, trip };
}

export const invariants: readonly InvariantRow[] = [
  row(
    'S1',
    'the same inputs, the same trace',
    ['engine/kernel/trace.ts', "'S1: "],
    patch('random-stream-remembers-last-run'),
  ),
  row('S2', 'time and turns go forward', ['engine/sim/world.ts', "'S2: "], RIG),
  row(
    'S3',
    'no message is lost from the books',
    ['engine/sim/endpoint.ts', "'S3: "],
    patch('dropped-message-uncounted'),
  ),
  row(
    'S4',
    'a disk keeps what was synced',
    ['engine/sim/sim-file.ts', "'S4: "],
    patch('sync-leaves-platter-behind'),
  ),
  row(
    'S5',
    'nothing outgrows its limit',
    ['engine/kernel/heap.ts', "'S5: "],
    patch('trace-keeps-everything'),
  ),
  row('K1', 'log start <= LSO <= HW <= LEO', [LOG, "'K1: logStart <= LSO"], RIG),
  row('K2', 'what is visible is the same everywhere', [LOG, "'K2: "], seeds(truncation)),
  row('K3', 'the true high watermark stays', [PARTITION, "'K3: "], seeds(truncation)),
  row('K4', 'nothing acknowledged is lost', [PARTITION, "'K4: "], seeds(truncation)),
  row('K5', 'one leader an epoch', [PARTITION, "'K5: a new leader"], RIG),
  row('K6', 'epochs in order', [LOG, "'K6: "], RIG),
  row(
    'K7',
    'no ISR that its leader does not know',
    ['engine/kafka/partition/in-sync-replicas.ts', "'K7: "],
    seeds({ quirks: { countsPendingIsr: false } }),
  ),
  row('K8', 'who may lead is complete', [PARTITION, "'K8: "], seeds(truncation)),
  row(
    'K9',
    'who was away stays outside',
    ['engine/kafka/partition/in-sync-replicas.ts', "'K9: "],
    seeds({ quirks: { isrJoinNeedsEpochStart: false } }),
  ),
  row('K10', 'another epoch is fenced', [PARTITION, "'K10: "], RIG),
  row('K11', 'nothing visible is cut off', [PARTITION, "'K11: "], seeds(truncation)),
  row(
    'K12',
    'nothing is seen too early',
    [LOG, "'K12: "],
    patch('consumer-reads-beyond-high-watermark'),
  ),
  row(
    'K13',
    'what was read stays what it was',
    ['engine/storage/segment.ts', "'K13: "],
    seeds(truncation),
  ),
  row(
    'K14',
    'indexes say what the log says',
    ['engine/storage/offset-index.ts', "'K14: "],
    patch('index-names-first-offset'),
  ),
  row(
    'K15',
    'recovery keeps what was synced',
    ['engine/storage/log.ts', 'K15'],
    patch('recovery-point-runs-ahead'),
  ),
  row(
    'K16',
    'compaction keeps the last of each key, and markers',
    ['engine/kafka/cleaner/cleaning.ts', "'K16: "],
    patch('cleaning-drops-last-record'),
  ),
  row(
    'K17',
    'retention stays below the high watermark',
    [LOG, "'K17: retention"],
    patch('retention-beyond-high-watermark'),
  ),
  row(
    'K18',
    'answers come in the order of requests',
    ['engine/kafka/broker/socket-server.ts', "'K18: "],
    patch('requests-of-a-connection-overtake'),
  ),
  row(
    'K20',
    'a sequence is there once',
    ['engine/kafka/partition/producer-state.ts', "'K20: "],
    patch('retry-is-told-another-offset'),
  ),
  row(
    'K21',
    'log order is send order',
    ['engine/kafka/client/producer/sequence-numbers.ts', "'K21: "],
    RIG,
  ),
  row(
    'K22',
    'who was replaced writes nothing more',
    ['engine/kafka/transaction/transaction-metadata.ts', "'K22: "],
    patch('marker-keeps-old-epoch'),
  ),
  row(
    'K23',
    'of a transaction all or nothing is seen',
    ['engine/kafka/transaction/transaction-marker-channel.ts', "'K23: "],
    patch('aborted-transactions-not-told'),
  ),
  row(
    'K24',
    'an open transaction has a coordinator that ends it',
    ['engine/kafka/partition/ongoing-transactions.ts', "'K24: "],
    patch('what-was-not-added-is-verified'),
  ),
  row(
    'K25',
    'coordinator epochs in markers do not go back',
    ['engine/kafka/partition/ongoing-transactions.ts', "'K25: "],
    patch('older-coordinator-writes-marker'),
  ),
  row(
    'K26',
    'what was decided stays decided',
    ['engine/kafka/transaction/transaction-metadata.ts', "'K26: "],
    patch('decided-transaction-is-open-again'),
  ),
  row(
    'K30',
    'only the current generation is granted anything',
    ['engine/kafka/group/member-requests.ts', "'K30: a member'"],
    patch('generation-unchecked'),
  ),
  row(
    'K31',
    'a partition has one owner a generation',
    [
      'engine/kafka/client/consumer/group/consumer-coordinator.ts',
      "'K31: a partition goes to one member'",
    ],
    patch('cooperative-hands-over-at-once'),
  ),
  row(
    'K32',
    'generations grow, each with one assignment',
    ['engine/kafka/group/classic-group.ts', "'K32: generations grow'"],
    patch('generation-goes-back'),
  ),
  row(
    'K33',
    'what was committed is what is read',
    ['engine/kafka/coordinator/coordinator-runtime.ts', "'K33: only what is in the log"],
    patch('commit-answered-before-replicas'),
  ),
  row(
    'K34',
    'what is committed was processed',
    ['engine/kafka/client/consumer/group/group-consumer.ts', "'K34: "],
    patch('close-commits-what-is-not-processed'),
  ),
  row(
    'K35',
    'what was accepted in a share group is not acquired again',
    ['engine/kafka/share/record-state.ts', "'K35: what is done with"],
    shareTest('K35 turns red when an accepted record is acquired again'),
  ),
  row(
    'K36',
    'a shared record is acquired by one member at a time',
    ['engine/kafka/share/share-partition.ts', "'K36: acquired once'"],
    shareTest('K36 turns red when two members have a record at once'),
  ),
  row(
    'K37',
    'a shared record is delivered as often as the limit allows',
    ['engine/kafka/share/record-state.ts', "'K37: no more deliveries"],
    shareTest('K37 turns red when a record is delivered too often'),
  ),
  row('T1', 'one leader a term', ['engine/consensus/election.ts', "'T1: "], RAFT),
  row(
    'T2',
    'a leader only appends',
    ['engine/consensus/raft-state.ts', "'T2: "],
    patch('leader-overwrites-its-log'),
  ),
  row('T3', 'logs match', ['engine/consensus/replication.ts', "'T3: "], RAFT),
  row(
    'T4',
    'a leader has all that is committed',
    ['engine/consensus/raft-state.ts', "'T4: "],
    RAFT,
  ),
  row('T5', 'what is committed stays', ['engine/consensus/raft-state.ts', "'T5: "], RAFT),
  row('T6', 'applied <= committed <= end', ['engine/consensus/raft.ts', "'T6: "], RAFT),
  row('T7', 'durable before it is told', ['engine/consensus/raft-state.ts', "'T7: "], RAFT),
  row('T8', 'counted in its own term', ['engine/consensus/commitment.ts', "'T8: "], RAFT),
  row(
    'R1',
    'what is confirmed is taken',
    ['engine/rabbitmq/cluster/remote-queue.ts', "'R1: nobody waits"],
    rabbitTest('R1 turns red when a confirmed message is in no queue'),
  ),
  row(
    'R2',
    'one answer for each publish',
    ['engine/rabbitmq/channel/publisher-confirms.ts', "'R2: a number is answered once'"],
    rabbitTest('R2 turns red when a number is confirmed twice'),
  ),
  row(
    'R3',
    'returned before it is confirmed',
    ['engine/rabbitmq/vhost/channel-session.ts', "'R3: it comes back before"],
    rabbitTest('R3 turns red when a mandatory message is confirmed and not returned'),
  ),
  row(
    'R4',
    'a delivery is settled once',
    ['engine/rabbitmq/queue/consumers.ts', "'R4: it is unacknowledged'"],
    rabbitTest('R4 turns red when an unknown tag does not close the channel'),
  ),
  row(
    'R5',
    'a message is held, or gone for a reason',
    ['engine/rabbitmq/queue/classic-queue.ts', "'R5: a message is held"],
    rabbitTest('R5 turns red when a message is neither held nor gone'),
  ),
  row(
    'R6',
    'redelivered if and only if delivered',
    ['engine/rabbitmq/queue/ready-messages.ts', "'R6: only what was delivered"],
    rabbitTest('R6 turns red when a first delivery has the flag'),
  ),
  row(
    'R7',
    'in the order of publication',
    ['engine/rabbitmq/queue/ready-messages.ts', "'R7: positions ascend'"],
    rabbitTest('R7 turns red when a later message is delivered first'),
  ),
  row(
    'R8',
    'no more than the prefetch',
    ['engine/rabbitmq/queue/consumer.ts', "'R8: within the prefetch'"],
    rabbitTest('R8 turns red when a consumer holds one too many'),
  ),
  row(
    'R9',
    'dead letters count, and cycles end',
    ['engine/rabbitmq/queue/dead-letter.ts', "'R9: a dead letter has died'"],
    rabbitTest('R9 turns red when a message comes back unrejected'),
  ),
  row(
    'R10',
    'nothing expired is delivered',
    ['engine/rabbitmq/queue/queue-timers.ts', "'R10: what has expired is gone'"],
    rabbitTest('R10 turns red when an expired message is delivered'),
  ),
  row(
    'R11',
    'one active consumer',
    ['engine/rabbitmq/queue/classic-queue.ts', "'R11: only the active consumer"],
    rabbitTest('R11 turns red when another than the active consumer is served'),
  ),
  row(
    'R12',
    'nothing before the commit',
    ['engine/rabbitmq/vhost/channel-session.ts', "'R12: what is committed was held back'"],
    rabbitTest('R12 turns red when a message is delivered before its commit'),
  ),
  row(
    'R13',
    'no longer than its limit',
    ['engine/rabbitmq/queue/classic-queue.ts', "'R13: within its length'"],
    rabbitTest('R13 turns red when a queue is longer than its limit'),
  ),
  row(
    'R14',
    'a connection leaves nothing behind',
    ['engine/rabbitmq/vhost/channel-session.ts', "'R14: nothing of it stays'"],
    rabbitTest('R14 turns red when a consumer outlives its connection'),
  ),
  row(
    'R15',
    'members of a quorum queue are the same',
    ['engine/rabbitmq/ra/ra-server.ts', "'R15: in the order of the log'"],
    rabbitTest('R15 turns red when two members of a quorum queue differ'),
  ),
  row(
    'R16',
    'nothing is confirmed in a minority',
    ['engine/rabbitmq/cluster/node-monitor.ts', "'R16: a node pauses once'"],
    rabbitTest('R16 turns red when a node of a minority confirms'),
  ),
];
