/** Where Kafka's tools answer otherwise here than the recorded ones, and why. */
import type { Difference } from '../differences.ts';

const groups = 'kafka/kafka-consumer-groups';
const consumer = 'kafka/kafka-console-consumer';
const readers = 'kafka-console-consumer.sh --bootstrap-server broker-1:9092 --topic orders';

const configs = 'kafka-configs.sh --bootstrap-server broker-1:9092';
const NO_GROUP_SESSIONS = 'Sessions of a single group cannot be set here.';
const NO_DYNAMIC_BROKERS = 'Only throttles of a broker can be changed while it runs here.';
const NO_QUOTAS = 'There are no quotas here.';
const ONLY_TOPICS =
  'org.apache.kafka.common.errors.InvalidRequestException: ' +
  'Of a broker only throttles of replication can be configured.';

/** A change that ends with an exception here. */
function refused(args: string, exception: string): string[] {
  const all = `${configs} ${args}`.replace('kafka-configs.sh ', '');
  return [
    `Error while executing config command with args '${all}'`,
    `java.util.concurrent.ExecutionException: ${exception}`,
  ];
}

/** Lines of `describe-and-alter.txt` on brokers. */
const onBrokers: readonly Difference[] = [
  ...[
    '--alter --broker 1 --add-config log.retention.ms=5000',
    '--alter --broker-defaults --add-config unclean.leader.election.enable=true',
    '--alter --broker 1 --add-config broker.id=7',
    '--alter --broker 1 --add-config log.dirs=/tmp',
  ].map((args) => ({ args, ours: refused(args, ONLY_TOPICS), exit: 1 })),
  ...['--broker 1', '--broker-defaults'].map((which) => ({
    args: `--describe ${which}`,
    ours: [
      which === '--broker 1'
        ? 'Dynamic configs for broker 1 are:'
        : 'Default configs for brokers in the cluster are:',
    ],
    exit: 0,
  })),
  ...[
    ['--broker 1', 'log.retention.ms'],
    ['--broker-defaults', 'unclean.leader.election.enable'],
  ].map(([which, name]) => ({
    args: `--alter ${which} --delete-config ${name}`,
    ours: [`Invalid config(s): ${name}`],
    exit: 1,
  })),
  {
    args: '--alter --broker 9 --add-config log.retention.ms=5000',
    ours: refused(
      '--alter --broker 9 --add-config log.retention.ms=5000',
      'org.apache.kafka.common.errors.TimeoutException: ' +
        'Timed out waiting for a node assignment. Call: incrementalAlterConfigs',
    ),
    exit: 1,
  },
].map(({ args, ours, exit }) => ({
  file: 'kafka/kafka-configs/describe-and-alter.txt',
  command: `${configs} ${args}`,
  ours,
  exit,
  reason: NO_DYNAMIC_BROKERS,
}));

/** Lines of `all.txt`. */
const onGroups: readonly Difference[] = [
  ...['50000', '1'].map((value) => ({
    args: `--alter --group readers --add-config consumer.session.timeout.ms=${value}`,
    ours: refused(
      `--alter --group readers --add-config consumer.session.timeout.ms=${value}`,
      'org.apache.kafka.common.errors.InvalidConfigurationException: ' +
        `Invalid value ${value} for configuration consumer.session.timeout.ms: unknown name; ` +
        'known are share.auto.offset.reset, share.isolation.level, share.record.lock.duration.ms',
    ),
    exit: 1,
  })),
  {
    args: '--describe --group readers',
    ours: ["The group 'readers' doesn't exist and doesn't have dynamic config."],
    exit: 0,
  },
  {
    args: '--alter --group readers --delete-config consumer.session.timeout.ms',
    ours: ['Invalid config(s): consumer.session.timeout.ms'],
    exit: 1,
  },
].map(({ args, ours, exit }) => ({
  file: 'kafka/kafka-configs/all.txt',
  command: `${configs} ${args}`,
  ours,
  exit,
  reason: NO_GROUP_SESSIONS,
}));

const onUsers: readonly Difference[] = [
  '--alter --user ann --add-config producer_byte_rate=1024',
  '--describe --user ann',
  '--alter --user ann --delete-config producer_byte_rate',
].map((args) => ({
  file: 'kafka/kafka-configs/usage.txt',
  command: `${configs} ${args}`,
  ours: ['--user is unsupported: this simulation does not have it'],
  exit: 1,
  reason: NO_QUOTAS,
}));

/** Settings of a topic: name, value, synonyms. */
const allSettings = [
  ['cleanup.policy', 'delete', 'DEFAULT_CONFIG:log.cleanup.policy=delete'],
  ['compression.type', 'producer', 'DEFAULT_CONFIG:compression.type=producer'],
  ['delete.retention.ms', '86400000', 'DEFAULT_CONFIG:log.cleaner.delete.retention.ms=86400000'],
  ['file.delete.delay.ms', '60000', 'DEFAULT_CONFIG:log.segment.delete.delay.ms=60000'],
  [
    'flush.messages',
    '9223372036854775807',
    'DEFAULT_CONFIG:log.flush.interval.messages=9223372036854775807',
  ],
  ['flush.ms', '9223372036854775807', ''],
  ['follower.replication.throttled.replicas', '', ''],
  ['index.interval.bytes', '4096', 'DEFAULT_CONFIG:log.index.interval.bytes=4096'],
  ['leader.replication.throttled.replicas', '', ''],
  [
    'max.compaction.lag.ms',
    '9223372036854775807',
    'DEFAULT_CONFIG:log.cleaner.max.compaction.lag.ms=9223372036854775807',
  ],
  ['max.message.bytes', '1048588', 'DEFAULT_CONFIG:message.max.bytes=1048588'],
  [
    'message.timestamp.after.max.ms',
    '3600000',
    'DEFAULT_CONFIG:log.message.timestamp.after.max.ms=3600000',
  ],
  [
    'message.timestamp.before.max.ms',
    '9223372036854775807',
    'DEFAULT_CONFIG:log.message.timestamp.before.max.ms=9223372036854775807',
  ],
  ['message.timestamp.type', 'CreateTime', 'DEFAULT_CONFIG:log.message.timestamp.type=CreateTime'],
  ['min.cleanable.dirty.ratio', '0.5', 'DEFAULT_CONFIG:log.cleaner.min.cleanable.ratio=0.5'],
  ['min.compaction.lag.ms', '0', 'DEFAULT_CONFIG:log.cleaner.min.compaction.lag.ms=0'],
  ['min.insync.replicas', '1', 'DEFAULT_CONFIG:min.insync.replicas=1'],
  ['preallocate', 'false', 'DEFAULT_CONFIG:log.preallocate=false'],
  ['retention.bytes', '-1', 'DEFAULT_CONFIG:log.retention.bytes=-1'],
  ['retention.ms', '60000', 'DYNAMIC_TOPIC_CONFIG:retention.ms=60000'],
  ['segment.bytes', '1073741824', 'DEFAULT_CONFIG:log.segment.bytes=1073741824'],
  ['segment.index.bytes', '10485760', 'DEFAULT_CONFIG:log.index.size.max.bytes=10485760'],
  ['segment.jitter.ms', '0', ''],
  ['segment.ms', '604800000', ''],
  [
    'unclean.leader.election.enable',
    'false',
    'DEFAULT_CONFIG:unclean.leader.election.enable=false',
  ],
].map(([name, value, synonyms]) => `  ${name}=${value} sensitive=false synonyms={${synonyms}}`);

export const kafkaDifferences: readonly Difference[] = [
  ...onBrokers,
  ...onGroups,
  ...onUsers,
  {
    file: 'kafka/kafka-configs/describe-and-alter.txt',
    command: `${configs} --alter --topic nothing --add-config retention.ms=1000`,
    ours: refused(
      '--alter --topic nothing --add-config retention.ms=1000',
      "org.apache.kafka.common.errors.UnknownTopicOrPartitionException: The topic 'nothing' " +
        'does not exist.',
    ),
    reason: 'The controller says here what is unknown.',
  },
  {
    file: 'kafka/kafka-configs/all.txt',
    command: `${configs} --describe --topic orders --all`,
    ours: ['All configs for topic orders are:', ...allSettings],
    reason: 'There are no settings of compression levels and tiered storage here.',
  },
  {
    file: `${groups}/describe.txt`,
    command: `${readers} --group readers --from-beginning --max-messages 4`,
    ours: ['1', '2', '3', '4', 'Processed a total of 4 messages'],
    reason: 'Which partition is read first is not decided.',
  },
  {
    file: `${consumer}/usage.txt`,
    command: `${readers} --isolation-level none`,
    ours: [
      '[<date> <time>] ERROR Unknown error when running consumer:  ' +
        '(org.apache.kafka.tools.consumer.ConsoleConsumer)',
      'org.apache.kafka.common.config.ConfigException: Invalid value none for configuration ' +
        'isolation.level: String must be one of: read_uncommitted, read_committed',
    ],
    reason: 'The allowed values stand in another order.',
  },
  {
    file: `${consumer}/usage.txt`,
    command:
      'kafka-console-consumer.sh --bootstrap-server broker-1:9092 ' +
      "--topic 'a topic' --timeout-ms 3000",
    ours: [
      '[<date> <time>] ERROR [Consumer clientId=console-consumer, ' +
        'groupId=console-consumer-<number>] ' +
        'Metadata response reported invalid topics [a topic] (org.apache.kafka.clients.Metadata)',
      '[<date> <time>] ERROR Error processing message, terminating consumer process:  ' +
        '(org.apache.kafka.tools.consumer.ConsoleConsumer)',
      'org.apache.kafka.common.errors.InvalidTopicException: Invalid topics: [a topic]',
      'Processed a total of 0 messages',
    ],
    reason: 'The recorded one timed out before it had heard of the topic.',
  },
  {
    file: 'kafka/kafka-delete-records/records.txt',
    command:
      'kafka-delete-records.sh --bootstrap-server broker-1:9092 --offset-json-file unknown.json',
    ours: [
      'Executing records delete operation',
      'Records delete operation completed:',
      'partition: audit-3\terror: org.apache.kafka.common.errors.TimeoutException: ' +
        'Timed out waiting for a node assignment. Call: deleteRecords(api=METADATA)',
      'partition: nothing-0\terror: org.apache.kafka.common.errors.TimeoutException: ' +
        'Timed out waiting for a node assignment. Call: deleteRecords(api=METADATA)',
    ],
    reason: 'The real map of answers is smaller than a Java map usually is: another order.',
  },
];
