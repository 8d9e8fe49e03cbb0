/**
 * The named switches of RabbitMQ's behaviour, each with the releases that have it on and the source
 * of that date.
 *
 * A *quirk* is a switch that is set by name and not by the release. Not here: what a switch does;
 * that stands where the behaviour is.
 * The dates are those of the files in the last tag of each minor release of rabbitmq-server.
 */
import type { SwitchDefinition } from '../../kernel/releases.ts';
import type { Release } from './releases.ts';

export const switches = {
  mirroredQueues: {
    since: '3.8',
    until: '4.0',
    about: 'The policy key ha-mode mirrors a classic queue on other nodes.',
    source: 'rabbit_mirror_queue_master.erl, which 4.0.0 no longer has',
  },
  drainLeavesMirroredQueues: {
    since: '3.8',
    about: 'A node that is drained leaves its mirrored queues alone; until 3.8.11 it moved them.',
    source: 'rabbit_maintenance:do_drain in 3.8.11, 3.8.12; commit 429f879 (issue 2749), pull 2755',
  },
  durableQueueStays: {
    since: '3.12',
    about: 'A durable classic queue is still routed to when its node is down; that is nacked.',
    source: 'rabbit_amqqueue:on_node_down, commit 7de31d8697 (2022), first in 3.12.0',
  },
  ramNodes: {
    since: '3.8',
    until: '4.3',
    about: 'A node may keep metadata in memory only.',
    source: 'deprecated feature ram_node_type: permitted_by_default in 3.13, removed in 4.3',
  },
  khepriIsDefault: {
    since: '4.2',
    about: 'A new node keeps metadata in Khepri, a Raft log, and not in Mnesia.',
    source: 'feature flag khepri_db in rabbit_core_ff.erl: experimental in 3.13, stable in 4.2',
  },
  khepriOnly: {
    since: '4.3',
    about: 'Mnesia is gone, and with it the strategies for partitions of a cluster.',
    source: 'feature flag khepri_db in rabbit_core_ff.erl: required in 4.3',
  },
  headersMatchWithX: {
    since: '3.10',
    about: 'x-match knows all-with-x and any-with-x, which look at headers that begin with x-.',
    source: 'rabbit_exchange_type_headers:validate_binding',
  },
  accessTextNamesPermission: {
    since: '3.12',
    about: 'The text of a 403 names the permission that lacked: "configure access to queue ...".',
    source: 'rabbit_access_control:check_resource_access',
  },
  policyAppliesToQueueTypes: {
    since: '3.12',
    about: 'apply-to knows classic_queues, quorum_queues and streams.',
    source: 'rabbit_policy:matches_queue_type',
  },
  operatorPolicyOverflow: {
    since: '3.12',
    about: 'An operator policy may set overflow and queue-version.',
    source: 'rabbit_policies:register, merge_policy_value',
  },
  messageStoreSyncs: {
    since: '3.8',
    until: '3.13',
    about:
      'The message store syncs each 25 ms before it confirms; since then it flushes, each 200.',
    source: 'rabbit_msg_store.erl, internal_sync and SYNC_INTERVAL; pull request 8507',
  },
  messageStoreMergesFiles: {
    since: '3.8',
    until: '3.13',
    about: 'Two files of the message store are merged; since then one is compacted in place.',
    source: 'rabbit_msg_store.erl: combine_files until 3.12, compact_file since 3.13',
  },
  messageStoreScanDropsTail: {
    since: '3.13',
    until: '4.1',
    about: 'A scan of a store file can end nine octets early, and compaction cuts what it missed.',
    source: 'commit f36385408a of rabbit_msg_store.erl, in 4.1.5 and 4.2.0 (issue 12367)',
  },
  classicQueueVersion2: {
    since: '4.0',
    about: 'A classic queue has the index and store of version 2 unless it asks for another.',
    source: 'release notes of 4.0.0; x-queue-version, since 3.10',
  },
  classicQueueLeaderLocator: {
    since: '4.0',
    about: 'A classic queue knows x-queue-leader-locator, and so does the policy.',
    source: 'rabbit_classic_queue:capabilities, rabbit_queue_location:leader_locator',
  },
  queueMasterLocator: {
    since: '3.8',
    until: '4.3',
    about: 'x-queue-master-locator is taken; since then it is a 541.',
    source: 'deprecated feature queue_master_locator: denied_by_default in 4.3',
  },
  lazyMode: {
    since: '3.8',
    until: '3.12',
    about: 'x-queue-mode lazy keeps messages on disk; from 3.12 on every classic queue does.',
    source: 'rabbit_variable_queue.erl; release notes of 3.12.0',
  },
  lastDeathHeaders: {
    since: '3.13',
    about: 'A dead letter has x-last-death-reason, -queue and -exchange.',
    source: 'mc:record_death',
  },
  brokerKeepsDeaths: {
    since: '4.0',
    about: 'A header x-death that a client publishes means nothing to the broker.',
    source: 'mc_amqpl:headers_to_deaths, which 3.13 has and 4.0 has not; release notes of 4.0.0',
  },
  cancelRunsQueue: {
    since: '4.0',
    about: 'When the single active consumer is cancelled, the next is served at once.',
    source: 'rabbit_amqqueue_process, basic_cancel: it chose the next, and since 4.0 it runs',
  },
  streamErrorsSayStream: {
    since: '4.0',
    about: 'Errors of a stream say "stream queue ...", where they had said "queue ..." in quotes.',
    source: 'rabbit_stream_queue:consume',
  },
  streamFilters: {
    since: '3.13',
    about: 'A chunk of a stream has a filter of x-stream-filter-value, by which consumers skip it.',
    source: 'rabbit_stream_queue:stream_message, filter_spec; osiris_bloom; notes of 3.13.0',
  },
  channelConsumerTimeout: {
    since: '3.8',
    until: '4.3',
    about: 'A channel closes when an acknowledgement takes too long; then only quorum queues look.',
    source: 'rabbit_channel:evaluate_consumer_timeout; release notes of 4.3.0',
  },
  quorumConsumerTimeout: {
    since: '4.3',
    about: 'A quorum queue takes back what is not acknowledged in time, and cancels the consumer.',
    source: 'rabbit_fifo: evaluate_consumer_timeout; release notes of 4.3.0',
  },
  queueConsumerTimeout: {
    since: '3.12',
    about: 'A queue, or a policy, may say how long an acknowledgement may take.',
    source: 'rabbit_channel:get_queue_consumer_timeout, policy key consumer-timeout',
  },
  replyToIsQueue: {
    since: '4.2',
    about: 'A mandatory message to amq.rabbitmq.reply-to.* counts as routed and is not returned.',
    source: 'rabbit_volatile_queue.erl; release notes of 4.2.0',
  },
  globalQos: {
    since: '3.8',
    until: '4.3',
    about: 'basic.qos with global limits the channel; after that it is as if it were not global.',
    source: 'deprecated feature global_qos: denied_by_default in 4.3; rabbit_channel, basic.qos',
  },
  transientNonExclusiveQueues: {
    since: '3.8',
    until: '4.3',
    about: 'A queue may be neither durable nor exclusive; after that it is a 541.',
    source: 'deprecated feature transient_nonexcl_queues: denied_by_default in 4.3',
  },
  quorumMessageTtl: {
    since: '3.10',
    about: 'A quorum queue knows message TTL.',
    source: 'rabbit_fifo:maybe_set_msg_ttl; release notes of 3.10.0',
  },
  deadLetterStrategies: {
    since: '3.10',
    about: 'A quorum queue can dead-letter at least once.',
    source: 'rabbit_fifo_dlx.erl; release notes of 3.10.0',
  },
  quorumBodiesInMemory: {
    since: '3.8',
    until: '3.10',
    about: 'Each member of a quorum queue has its messages in memory; since then 32 bytes of each.',
    source: 'rabbit_fifo.erl without in-memory limits; release notes of 3.10.0',
  },
  classicQueueVersion1: {
    since: '3.8',
    until: '4.3',
    about: 'x-queue-version 1 is taken, whatever it means; since then it is a 406.',
    source: 'rabbit_amqqueue:check_queue_version; release notes of 4.3.0',
  },
  queueModeIsChecked: {
    since: '3.8',
    until: '4.3',
    about: 'x-queue-mode of a classic queue is default or lazy; since then nobody looks at it.',
    source: 'rabbit_amqqueue:declare_args; the release notes of 4.3.0 say that it is refused',
  },
  minMastersIsLeaderLocator: {
    since: '4.0',
    about: 'x-queue-leader-locator may be min-masters, an older name of balanced; no policy may.',
    source: 'rabbit_queue_location:queue_leader_locators; rabbit_policies:validate_policy0',
  },
  quorumRequeueToBack: {
    since: '3.10',
    about: 'What is returned to a quorum queue without a delivery limit goes to the back.',
    source: 'rabbit_fifo, record requeue, which 3.9 has not',
  },
  quorumAcquiredCount: {
    since: '4.0',
    about: 'A quorum queue tells x-acquired-count; x-delivery-count counts failures only.',
    source: 'rabbit_fifo:incr_msg, rabbit_fifo_client:add_delivery_count_header',
  },
  quorumPriorities: {
    since: '4.0',
    about: 'A quorum queue has two priorities: of three deliveries two are of 5 and more.',
    source: 'rabbit_fifo_q.erl; release notes of 4.0.0',
  },
  quorumStrictPriorities: {
    since: '4.3',
    about: 'A quorum queue has 32 priorities, and the highest goes first, always.',
    source: 'rabbit_fifo_pq.erl, which 4.2 has not; rabbit_fifo:msg_priority',
  },
  quorumActiveByPriority: {
    since: '4.0',
    about: 'Of a quorum queue with a single active consumer, that of the highest priority is it.',
    source: 'rabbit_fifo:activate_next_consumer; release notes of 4.0.0',
  },
  deliveryLimitCountsFailures: {
    since: '4.3',
    about: 'Only deliveries that failed count against a delivery limit, no plain returns.',
    source: 'rabbit_fifo:return_one',
  },
} as const satisfies Record<string, SwitchDefinition<Release>>;

export type SwitchName = keyof typeof switches;
