/** Where tools for clusters answer otherwise here than the recorded ones, and why. */
import type { Difference } from '../differences.ts';
import { requestsOfBrokers } from './requests-of-a-broker.ts';

/** A batch with one record of a group, as it is here. */
const ofGroup = (offset: number, position: number, size: number, sizes: string, told: string) => [
  `baseOffset: ${offset} lastOffset: ${offset} count: 1 baseSequence: -1 lastSequence: -1 ` +
    'producerId: -1 producerEpoch: -1 partitionLeaderEpoch: 0 isTransactional: false ' +
    `isControl: false deleteHorizonMs: OptionalLong.empty position: ${position} ` +
    `CreateTime: <timestamp> size: ${size} magic: 2 compresscodec: none crc: <crc> isvalid: true`,
  `| offset: ${offset} CreateTime: <timestamp> ${sizes} sequence: -1 headerKeys: [] ${told}`,
];
const group = 'key: {"type":"2","data":{"group":"billing"}} payload: {"version":"3","data":';
const noMembers =
  '"protocol":null,"leader":null,"currentStateTimestamp":<timestamp>,"members":[]}}';

const notRemoved =
  'org.apache.kafka.common.errors.VoterNotFoundException: Cannot remove voter ' +
  'ReplicaKey(id=100, directoryId=AAAAAAAAAAAAAAAAAAAAAQ) from the set of voters [100]';

export const clusterDifferences: readonly Difference[] = [
  {
    file: 'kafka/kafka-broker-api-versions/brokers.txt',
    command: 'kafka-broker-api-versions.sh --bootstrap-server broker-1:9092',
    ours: requestsOfBrokers,
    reason:
      'A broker here takes fewer requests, some in other versions, and brokers are told in the ' +
      'order of their ids.',
  },
  {
    file: 'kafka/kafka-metadata-quorum/one-controller.txt',
    command:
      'kafka-metadata-quorum.sh --bootstrap-server broker-1:9092 remove-controller ' +
      '--controller-id 100 --controller-directory-id AAAAAAAAAAAAAAAAAAAAAQ',
    ours: [
      notRemoved,
      `java.util.concurrent.ExecutionException: ${notRemoved}`,
      ...[`Caused by: ${notRemoved}`, ''],
    ],
    reason: "The recorded quorum's voters stood in its settings (kraft.version 0).",
  },
  {
    file: 'kafka/zookeeper-shell/znodes.txt',
    command: 'zookeeper-shell.sh zookeeper-1:2181 stat /brokers/ids/1',
    ours: [
      ...['Connecting to zookeeper-1:2181', '', 'WATCHER::', ''],
      'WatchedEvent state:SyncConnected type:None path:null',
      'cZxid = <zxid>',
      'ctime = <day> <month> <date> <time> UTC <year>',
      'mZxid = <zxid>',
      'mtime = <day> <month> <date> <time> UTC <year>',
      'pZxid = <zxid>',
      ...['cversion = 0', 'dataVersion = 0', 'aclVersion = 0', 'ephemeralOwner = <session>'],
      ...['dataLength = 200', 'numChildren = 0'],
    ],
    reason: "A broker's znode is written once here; the real one's has been written twice.",
  },
  {
    file: 'kafka/kafka-dump-log/offsets.txt',
    command:
      'kafka-dump-log.sh --files broker-1:__consumer_offsets-0/00000000000000000000.log ' +
      '--offsets-decoder --print-data-log',
    ours: [
      'Dumping broker-1:__consumer_offsets-0/00000000000000000000.log',
      'Log starting offset: 0',
      ...ofGroup(
        ...([0, 0, 103, 'keySize: 11 valueSize: 24'] as const),
        `${group}{"protocolType":"","generation":0,${noMembers}`,
      ),
      ...ofGroup(
        ...([1, 103, 326, 'keySize: 11 valueSize: 245'] as const),
        `${group}{"protocolType":"consumer","generation":1,"protocol":"range",` +
          '"leader":"console-consumer-<uuid>","currentStateTimestamp":<timestamp>,"members":[{' +
          '"memberId":"console-consumer-<uuid>","groupInstanceId":null,' +
          '"clientId":"console-consumer","clientHost":"/shell-1","rebalanceTimeout":300000,' +
          '"sessionTimeout":45000,"subscription":{"topics":["orders"],"userData":null,' +
          '"ownedPartitions":[],"generationId":-1,"rackId":null},"assignment":' +
          '{"assignedPartitions":[{"topic":"orders","partitions":[0]}],"userData":null}}]}}',
      ),
      ...ofGroup(
        ...([2, 429, 115, 'keySize: 23 valueSize: 24'] as const),
        'key: {"type":"1","data":{"group":"billing","topic":"orders","partition":0}} ' +
          'payload: {"version":"3","data":{"offset":2,"leaderEpoch":0,"metadata":"",' +
          '"commitTimestamp":<timestamp>}}',
      ),
      ...ofGroup(
        ...([3, 544, 111, 'keySize: 11 valueSize: 32'] as const),
        `${group}{"protocolType":"consumer","generation":2,${noMembers}`,
      ),
    ],
    reason:
      'A host has a name here, which is shorter; batches without a producer have no sequence ' +
      'number, and offsets are in version 3.',
  },
  {
    file: 'kafka/kafka-dump-log/log-and-indexes.txt',
    command:
      'kafka-dump-log.sh --files broker-1:orders-0/00000000000000000000.log ' +
      '--value-decoder-class org.apache.kafka.tools.api.IntegerDecoder --print-data-log',
    ours: [
      'Dumping broker-1:orders-0/00000000000000000000.log',
      'Log starting offset: 0',
      'baseOffset: 0 lastOffset: 0 count: 1 baseSequence: 0 lastSequence: 0 ' +
        'producerId: <producer-id> producerEpoch: 0 partitionLeaderEpoch: 0 ' +
        'isTransactional: false isControl: false deleteHorizonMs: OptionalLong.empty position: 0 ' +
        'CreateTime: <timestamp> size: 72 magic: 2 compresscodec: none crc: <crc> isvalid: true',
      '| offset: 0 CreateTime: <timestamp> keySize: 1 valueSize: 3 sequence: 0 headerKeys: []',
      'Exception in thread "main" java.nio.BufferUnderflowException',
    ],
    reason: 'The two streams share a line there.',
  },
];
