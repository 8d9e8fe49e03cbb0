/** Where tools for clusters answer otherwise here than the recorded ones, and why. */
import type { Difference } from '../differences.ts';

const reasons = {
  fewer: 'A broker here takes fewer requests, and they are told in the order of node ids.',
  eligible: 'Eligible leader replicas (KIP-966) are not modelled.',
  throttles: 'There are no replication throttles.',
  factor: 'AlterPartitionReassignments of version 1 is not spoken.',
  json: "The sentence on what is wrong in a JSON text is the parser's.",
  decoders: 'There are no decoders but UTF-8 text.',
  names: 'A file of an unknown kind is told as such.',
  preallocated: 'A real index is preallocated with zeros, which are dumped as an entry.',
  order: "The order of partitions is a hash map's there.",
  controllers: 'Controllers answer no client here.',
  voters: 'The voters of a quorum are not changed by this tool here.',
  payload: 'Payloads from files are not supported.',
  timeouts: 'The client here does not compare these two settings.',
  znode: "A broker's znode is written once here; the real one's has been written twice.",
  lookup: 'How often the client asked is not told.',
} as const;

/** File below the product's folder, command, reason. */
const rows: readonly (readonly [string, string, keyof typeof reasons])[] = [
  [
    'kafka-broker-api-versions/brokers.txt',
    'kafka-broker-api-versions.sh --bootstrap-server broker-1:9092',
    'fewer',
  ],
  [
    'kafka-dump-log/log-and-indexes.txt',
    'kafka-dump-log.sh --files broker-1:orders-0/00000000000000000000.index',
    'preallocated',
  ],
  [
    'kafka-dump-log/log-and-indexes.txt',
    'kafka-dump-log.sh --files ' + 'broker-1:orders-0/00000000000000000000.timeindex',
    'preallocated',
  ],
  [
    'kafka-dump-log/log-and-indexes.txt',
    'kafka-dump-log.sh --files ' +
      'broker-1:orders-0/00000000000000000000.log,broker-1:orders-0/00000000000000000000.index',
    'preallocated',
  ],
  [
    'kafka-dump-log/log-and-indexes.txt',
    'kafka-dump-log.sh --files broker-1:orders-0/00000000000000000000.index ' +
      '--verify-index-only',
    'preallocated',
  ],
  [
    'kafka-dump-log/log-and-indexes.txt',
    'kafka-dump-log.sh --files broker-1:orders-0/00000000000000000000.log ' +
      '--value-decoder-class org.apache.kafka.tools.api.IntegerDecoder ' +
      '--print-data-log',
    'decoders',
  ],
  [
    'kafka-dump-log/log-and-indexes.txt',
    'kafka-dump-log.sh --files broker-1:orders-0/leader-epoch-checkpoint',
    'names',
  ],
  [
    'kafka-dump-log/log-and-indexes.txt',
    'kafka-dump-log.sh --files broker-1:orders-0/00000000000000000000.log ' +
      '--offsets-decoder --transaction-log-decoder',
    'decoders',
  ],
  [
    'kafka-dump-log/offsets.txt',
    'kafka-dump-log.sh --files ' +
      'broker-1:__consumer_offsets-0/00000000000000000000.log ' +
      '--offsets-decoder --print-data-log',
    'decoders',
  ],
  [
    'kafka-dump-log/transaction.txt',
    'kafka-dump-log.sh --files ' +
      'broker-1:__transaction_state-0/00000000000000000000.log ' +
      '--transaction-log-decoder --print-data-log --skip-record-metadata',
    'decoders',
  ],
  [
    'kafka-leader-election/elections.txt',
    'kafka-topics.sh --bootstrap-server broker-3:9092 --describe --topic ' + 'orders',
    'eligible',
  ],
  [
    'kafka-leader-election/elections.txt',
    'kafka-topics.sh --bootstrap-server broker-3:9092 --describe --topic ' + 'orders',
    'eligible',
  ],
  [
    'kafka-leader-election/preferred.txt',
    'kafka-topics.sh --bootstrap-server broker-3:9092 --describe --topic ' + 'orders',
    'eligible',
  ],
  [
    'kafka-leader-election/unclean.txt',
    'kafka-topics.sh --bootstrap-server broker-3:9092 --describe --topic ' +
      'orders --unavailable-partitions',
    'eligible',
  ],
  [
    'kafka-leader-election/unclean.txt',
    'kafka-topics.sh --bootstrap-server broker-3:9092 --describe --topic ' + 'orders',
    'eligible',
  ],
  [
    'kafka-log-dirs/describe.txt',
    'kafka-log-dirs.sh --bootstrap-server broker-1:9092 --describe',
    'order',
  ],
  [
    'kafka-log-dirs/describe.txt',
    'kafka-log-dirs.sh --bootstrap-server broker-1:9092 --describe ' +
      '--topic-list pay,orders --broker-list 3',
    'order',
  ],
  [
    'kafka-metadata-quorum/one-controller.txt',
    'kafka-metadata-quorum.sh --bootstrap-controller controller-1:9093 ' + 'describe --status',
    'controllers',
  ],
  [
    'kafka-metadata-quorum/one-controller.txt',
    'kafka-metadata-quorum.sh --bootstrap-controller broker-1:9092 describe ' + '--status',
    'controllers',
  ],
  [
    'kafka-metadata-quorum/one-controller.txt',
    'kafka-metadata-quorum.sh --bootstrap-server broker-1:9092 ' +
      'remove-controller --controller-id 100 --controller-directory-id ' +
      'AAAAAAAAAAAAAAAAAAAAAQ --dry-run',
    'voters',
  ],
  [
    'kafka-metadata-quorum/one-controller.txt',
    'kafka-metadata-quorum.sh --bootstrap-server broker-1:9092 ' +
      'remove-controller --controller-id 100 --controller-directory-id ' +
      'AAAAAAAAAAAAAAAAAAAAAQ',
    'voters',
  ],
  [
    'kafka-metadata-quorum/one-controller.txt',
    'kafka-metadata-quorum.sh --bootstrap-server broker-1:9092 ' +
      'remove-controller --controller-id 100 --controller-directory-id short',
    'voters',
  ],
  [
    'kafka-metadata-quorum/one-controller.txt',
    'kafka-metadata-quorum.sh --bootstrap-server broker-1:9092 add-controller',
    'voters',
  ],
  [
    'kafka-metadata-quorum/three-controllers.txt',
    'kafka-metadata-quorum.sh --bootstrap-controller controller-2:9093 ' + 'describe --status',
    'controllers',
  ],
  [
    'kafka-perf-test/refused.txt',
    'kafka-producer-perf-test.sh --topic orders --num-records 10 ' +
      '--payload-file missing.txt --throughput -1 --producer-props ' +
      'bootstrap.servers=broker-1:9092',
    'payload',
  ],
  [
    'kafka-reassign-partitions/move.txt',
    'kafka-topics.sh --bootstrap-server broker-1:9092 --describe --topic ' + 'orders',
    'eligible',
  ],
  [
    'kafka-reassign-partitions/move.txt',
    'kafka-reassign-partitions.sh --bootstrap-server broker-1:9092 ' +
      '--reassignment-json-file grow.json --execute ' +
      '--disallow-replication-factor-change',
    'factor',
  ],
  [
    'kafka-reassign-partitions/move.txt',
    'kafka-topics.sh --bootstrap-server broker-1:9092 --describe --topic ' + 'orders',
    'eligible',
  ],
  [
    'kafka-reassign-partitions/refused.txt',
    'kafka-reassign-partitions.sh --bootstrap-server broker-1:9092 --execute ' +
      '--reassignment-json-file move.json --throttle fast',
    'throttles',
  ],
  [
    'kafka-reassign-partitions/refused.txt',
    'kafka-reassign-partitions.sh --bootstrap-server broker-1:9092 --execute ' +
      '--reassignment-json-file broken.json',
    'json',
  ],
  [
    'kafka-reassign-partitions/throttle.txt',
    'kafka-reassign-partitions.sh --bootstrap-server broker-1:9092 ' +
      '--reassignment-json-file move.json --execute --throttle 100000',
    'throttles',
  ],
  [
    'kafka-reassign-partitions/throttle.txt',
    'kafka-configs.sh --bootstrap-server broker-1:9092 --describe ' +
      '--entity-type brokers --entity-name 2',
    'throttles',
  ],
  [
    'kafka-reassign-partitions/throttle.txt',
    'kafka-configs.sh --bootstrap-server broker-1:9092 --describe ' +
      '--entity-type topics --entity-name orders',
    'throttles',
  ],
  [
    'kafka-reassign-partitions/throttle.txt',
    'kafka-reassign-partitions.sh --bootstrap-server broker-1:9092 ' +
      '--reassignment-json-file move.json --verify --preserve-throttles',
    'throttles',
  ],
  [
    'kafka-reassign-partitions/throttle.txt',
    'kafka-reassign-partitions.sh --bootstrap-server broker-1:9092 ' +
      '--reassignment-json-file move.json --verify',
    'throttles',
  ],
  [
    'kafka-reassign-partitions/throttle.txt',
    'kafka-configs.sh --bootstrap-server broker-1:9092 --describe ' +
      '--entity-type brokers --entity-name 2',
    'throttles',
  ],
  [
    'kafka-tools/unreachable.txt',
    'kafka-reassign-partitions.sh --bootstrap-server broker-1:9092 --list ' +
      '--command-config short.properties',
    'timeouts',
  ],
  [
    'kafka-transactions/refused.txt',
    'kafka-transactions.sh --bootstrap-server broker-1:9092 ' +
      'describe-producers --topic nothing --partition 0',
    'lookup',
  ],
  [
    'zookeeper-shell/znodes.txt',
    'zookeeper-shell.sh zookeeper-1:2181 stat /brokers/ids/1',
    'znode',
  ],
];

export const clusterDifferences: readonly Difference[] = rows.map(([file, command, reason]) => ({
  ...{ file: `kafka/${file}`, command, ours: null, reason: reasons[reason] },
}));
