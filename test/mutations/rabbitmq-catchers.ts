/** The catcher of each mutation of RabbitMQ's engine, by the name of its patch. */
import { test } from './catcher.ts';
import type { Catcher } from './catcher.ts';

const AMQP_CONNECTION = 'test/rabbitmq/connection/connection.test.ts';
const QUORUM_QUEUE = 'test/rabbitmq/quorum/quorum-queue.test.ts';
const MIRRORED_QUEUE = 'test/rabbitmq/cluster/mirrored-queue.test.ts';
const MEMBERSHIP = 'test/rabbitmq/cluster/membership.test.ts';
const STREAM_QUEUE = 'test/rabbitmq/stream/stream-queue.test.ts';
const MESSAGE_STORE = 'test/rabbitmq/store/durability.test.ts';
/** One of three releases that the test is asked of. */
const STORED_ONCE =
  'rabbitmq: store: 3.12, index version 1 ' +
  'rabbitmq: store: a message of several queues is stored once and goes with the last';
const STORE_GARBAGE = 'test/rabbitmq/store/garbage.test.ts';
const AMQP_HOSTILE = 'test/wire/amqp/hostile.test.ts';
/** What a real RabbitMQ 3.10.8 did in a scenario. */
const real = (scenario: string) =>
  test('test/rabbitmq/oracle/oracle.test.ts', `rabbitmq: oracle: ${scenario}`);

export const rabbitCatchers: Readonly<Record<string, Catcher>> = {
  // RabbitMQ: exchanges
  'topic-hash-matches-one-word': real(
    'topic patterns: stars, hashes, empty words and the empty key',
  ),
  'alternate-exchange-is-ignored': real('an alternate exchange takes what no binding took'),
  'headers-any-and-all-are-swapped': real('headers: all and any leave out what begins with x-'),

  // RabbitMQ: dead letters
  'death-is-not-counted': real(
    'a delay by two queues: a cycle with a rejection goes on and counts',
  ),
  'death-cycle-is-not-detected': real('a cycle without a rejection drops the message'),
  'dead-letter-keeps-its-expiration': real(
    'rejected, expired and dropped messages die, requeued ones do not',
  ),
  'dead-letter-keeps-cc': real(
    'the header CC is kept without a routing key of the queue, and dropped with one',
  ),

  // RabbitMQ: queues
  'requeued-goes-to-the-end': real('what is requeued has its old place'),
  'requeued-lives-anew': real('what is requeued expires by its first publication'),
  'redelivered-is-not-told': real('a closed channel returns what it had, in order and redelivered'),
  'prefetch-is-one-more': real('prefetch limits each consumer that begins after it'),
  'global-prefetch-is-one-more': real('a global prefetch limits the channel'),
  'multiple-ack-takes-one-too-many': real('ack: one, several, all, and tags that are unknown'),
  'multiple-nack-takes-one': real('nack with multiple requeues or discards'),
  'unknown-tag-is-settled': real(
    'ack of a tag twice closes the channel, and what is outstanding returns',
  ),
  'closed-channel-keeps-its-messages': real(
    'a closed channel returns what it had, in order and redelivered',
  ),
  'own-time-to-live-wins': real('a message lives for the shorter of its own time and its queue’s'),
  'expired-head-is-delivered': real('an expired message stays behind one that lives'),
  'full-queue-keeps-the-oldest': real('a length drops from the head'),
  'refused-publish-is-acked': real('reject-publish keeps the oldest and says so'),
  'priorities-are-reversed': real('priorities: the highest first, the largest for what is beyond'),
  'consumer-priorities-are-reversed': real(
    'consumers of a higher priority are served first, until they are busy',
  ),
  'exclusive-consumer-is-not-alone': real('an exclusive consumer is alone'),

  // RabbitMQ: consumers
  'two-are-single-active': real('a single active consumer is followed by the next'),

  // RabbitMQ: confirms and transactions
  'unroutable-is-not-returned': real('confirms: routed, unroutable, returned, refused'),
  'confirms-cover-an-open-number': test(
    AMQP_CONNECTION,
    'confirms of a moment are sent together, and cover no number that is open',
  ),
  'transaction-publishes-at-once': real(
    'a transaction’s publishes are seen at its commit, and forgotten at its rollback',
  ),
  'rollback-keeps-what-was-acked': real(
    'a transaction’s acks count at its commit, and its rollback takes them back',
  ),
  'exclusive-queue-outlives-its-connection': real(
    'an exclusive queue is its connection’s and ends with it',
  ),

  // RabbitMQ: disk, copies and partitions
  'metadata-is-answered-before-the-sync': test(
    'test/rabbitmq/metadata/metadata.test.ts',
    'rabbitmq: metadata: what was not answered may go with the power only',
  ),
  'single-active-consumer-ignores-priority': test(
    QUORUM_QUEUE,
    'R11: who is active, by priority, in 4.1',
  ),
  'quorum-priorities-are-of-two': test(
    QUORUM_QUEUE,
    'since 4.3 there are 32 priorities: the highest goes first, and without one it is 4',
  ),
  'files-of-deleted-queues-stay': test(
    'test/rabbitmq/quorum/quorum-in-a-cluster.test.ts',
    'a queue that is deleted while a node is down leaves nothing there when it starts',
  ),
  'new-quorum-leader-is-not-told': test(
    'test/rabbitmq/quorum/quorum-in-a-cluster.test.ts',
    'the node of the leader dies: publishes are confirmed, consumers go on',
  ),
  'mirror-that-lacks-something-leads-after-a-shutdown': test(
    MIRRORED_QUEUE,
    'rabbitmq: mirrors: a leader that stops in order leaves nobody who lacks something',
  ),
  'mirror-waits-for-a-node-without-application': test(
    MIRRORED_QUEUE,
    'rabbitmq: mirrors: where the application of the leader ends, a mirror leads',
  ),
  'forgotten-node-starts': test(
    MEMBERSHIP,
    'rabbitmq: forget: its process ends when it is started anew (inconsistent_cluster)',
  ),
  'queues-of-a-forgotten-node-stay': test(
    MEMBERSHIP,
    'rabbitmq: membership: a node leaves, in rabbitmq-3.13 ' +
      'rabbitmq: forget: classic queues of the node go, those of others stay',
  ),
  'only-disc-node-leaves': test(
    MEMBERSHIP,
    'rabbitmq: reset: the only disc node of a cluster stays in it',
  ),
  'forced-load-waits-for-others': test(
    MEMBERSHIP,
    'rabbitmq: forget --offline: the last node that ran is lost, another replaces it',
  ),
  'queue-goes-on-while-mirrors-synchronise': test(
    MIRRORED_QUEUE,
    'rabbitmq: mirrors: while mirrors are synchronised the queue stands still',
  ),
  'stream-confirms-before-a-majority': test(
    STREAM_QUEUE,
    'R1: confirmed, and read, when a majority has it',
  ),
  'stream-writer-is-who-has-least': test(
    STREAM_QUEUE,
    'R1: to the member that has most, in the next epoch, and what was confirmed stays',
  ),
  'stream-writer-forgets-who-wrote': test(
    STREAM_QUEUE,
    'R2: what was not answered is sent to the next writer, and is there once',
  ),
  'stream-writer-keeps-its-epoch': test(
    STREAM_QUEUE,
    'a writer that restarts at once is one of a new epoch',
  ),
  'stream-replica-keeps-what-the-writer-lacks': test(
    STREAM_QUEUE,
    'a writer that was cut off cuts what only it had, and publishes that again',
  ),
  'stream-filter-forgets-unfiltered': test(
    'test/rabbitmq/stream/chunk-filter.test.ts',
    'rabbitmq: stream: a consumer with a filter is sent the chunks that may have a value',
  ),
  'delivery-limit-is-ignored': test(QUORUM_QUEUE, 'a delivery limit in 3.13'),
  'publish-that-comes-twice-is-taken-twice': test(
    QUORUM_QUEUE,
    'a publisher’s messages are taken once each, though the leader dies on the way',
  ),
  'write-ahead-log-is-not-synced': test(
    'test/rabbitmq/ra/ra-server.test.ts',
    'T7: confirmed when the disk has it (sync before: true)',
  ),
  'two-lives-share-their-processes': test(
    'test/lab/rabbitmq-lives.test.ts',
    'rabbitmq: quorum: a publish after a restart is not taken for one before it',
  ),
  'minority-does-not-pause': test(
    'test/rabbitmq/cluster/partitions.test.ts',
    'rabbitmq: partitions: pause_minority: a node alone takes nothing (R16), then joins',
  ),

  // the message store and the queues' indexes
  'stored-message-is-counted-once': test(MESSAGE_STORE, STORED_ONCE),
  'recovery-forgets-acknowledgements': test(MESSAGE_STORE, STORED_ONCE),
  'store-confirms-before-its-sync': test(
    MESSAGE_STORE,
    'rabbitmq: store: until 3.12 a confirm waits for the sync of store and journal',
  ),
  'confirmed-before-the-journal-is-synced': test(
    MESSAGE_STORE,
    'rabbitmq: store: until 3.12 a confirm waits for the sync of store and journal',
  ),
  'torn-segment-is-appended-to': test(
    'test/rabbitmq/store/durability.property.test.ts',
    'rabbitmq: store: R1, R5, R7 in rabbitmq-3.8, index version 1',
  ),
  'merge-keeps-nothing-aside': test(
    STORE_GARBAGE,
    'rabbitmq: store: the power goes at each sync of a merge, and nothing is lost',
  ),
  'scan-always-drops-the-tail': test(
    STORE_GARBAGE,
    'rabbitmq: store: green: a message at the end survives compaction',
  ),

  // wire of AMQP
  'amqp-frame-end-is-unchecked': test(
    AMQP_HOSTILE,
    'after a frame whose end is wrong nothing is read',
  ),
  'amqp-frame-size-is-unbounded': test(
    AMQP_HOSTILE,
    'a size is refused by its header, before there is a payload',
  ),
  'amqp-body-part-fills-the-frame': test(
    'test/wire/amqp/messages.test.ts',
    'a body is cut at frame-max, its empty frame included',
  ),
  'credit-is-granted-while-blocked': test(
    'test/rabbitmq/credit-flow.test.ts',
    'rabbitmq: flow: who is blocked grants nothing before he is not',
  ),
  'quorum-queue-slows-nobody-down': test(
    'test/rabbitmq/credit-flow.test.ts',
    'rabbitmq: flow: 33 messages on their way to a quorum queue block the channel',
  ),
  'credit-of-a-dead-queue-is-waited-for': test(
    'test/rabbitmq/credit-flow.test.ts',
    'rabbitmq: flow: when the node of the queue is down, nobody waits for its credit',
  ),
  'alarm-of-another-node-is-not-told': test(
    'test/rabbitmq/cluster/cluster-alarms.test.ts',
    'rabbitmq: alarms: who publishes at another node is not read meanwhile, and is told',
  ),
  'first-node-with-enough-ends-the-alarm': test(
    'test/rabbitmq/cluster/cluster-alarms.test.ts',
    'rabbitmq: alarms: publishers go on when the last node has enough, not the first',
  ),
  'late-delivery-is-not-taken-back': test(
    'test/rabbitmq/quorum/consumer-timeout.test.ts',
    'after 30 minutes the consumer is cancelled, and another has what it did not settle',
  ),
  'late-consumer-is-served-on': test(
    'test/rabbitmq/quorum/consumer-timeout.test.ts',
    'it has nothing more before it settles that; then it goes on, though cancelled',
  ),
  'new-leader-speaks-to-no-mirror': test(
    'test/rabbitmq/cluster/mirrored-queue.test.ts',
    'rabbitmq: mirrors: what a new leader confirms at once survives it, too',
  ),
  'each-side-of-a-partition-starts-alone': test(
    'test/rabbitmq/metadata/cluster.test.ts',
    'rabbitmq: metadata: of those who saw all others go down the first, and nobody else',
  ),
  'paused-node-cannot-be-stopped': test(
    'test/rabbitmq/cluster/partitions.test.ts',
    'rabbitmq: partitions: pause_minority: a paused node stops, and starts anew',
  ),
  'autoheal-counts-no-clients': test(
    'test/rabbitmq/cluster/partitions.test.ts',
    'rabbitmq: partitions: autoheal: the side with more clients wins, others restart',
  ),
  'nobody-hears-that-an-application-ended': test(
    'test/rabbitmq/cluster/application-ends.test.ts',
    'rabbitmq: application: what its queue did not confirm is rejected elsewhere (R1)',
  ),
};
