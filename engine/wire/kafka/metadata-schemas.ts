/**
 * The records of the metadata log as schemas: what the controller decided, in the order in which it
 * decided (KIP-631). A broker's view of the cluster is what results from applying them.
 *
 * The names, versions and tags are those of apache/kafka,
 * `metadata/src/main/resources/common/metadata/`; records that this engine never writes are left
 * out. The frame around a record: `metadata-records.ts`.
 */
import { array, bool, int16, int32, int64, int8, string, struct, uint16, uuid } from './schema.ts';

/** A broker registered; its broker epoch is the offset of this record. */
const registerBrokerRecord = struct('RegisterBrokerRecord', {
  brokerId: int32(),
  isMigratingZkBroker: bool({ since: 2 }),
  incarnationId: uuid(),
  brokerEpoch: int64(),
  endPoints: array({
    name: string(),
    host: string(),
    port: uint16(),
    securityProtocol: int16(),
  }),
  features: array({
    name: string(),
    minSupportedVersion: int16(),
    maxSupportedVersion: int16(),
  }),
  rack: string({ nullable: true }),
  fenced: bool({ default: true }),
  inControlledShutdown: bool({ since: 1 }),
  logDirs: array(uuid(), { since: 3, tag: 0 }),
});

/** A broker was taken out of the cluster for good. */
const unregisterBrokerRecord = struct('UnregisterBrokerRecord', {
  brokerId: int32(),
  brokerEpoch: int64(),
});

/** A topic exists; its partitions follow. */
const topicRecord = struct('TopicRecord', {
  name: string(),
  topicId: uuid(),
});

/** A partition exists, with its replicas and its whole state. */
const partitionRecord = struct('PartitionRecord', {
  partitionId: int32({ default: -1 }),
  topicId: uuid(),
  replicas: array(int32()),
  isr: array(int32()),
  removingReplicas: array(int32()),
  addingReplicas: array(int32()),
  leader: int32({ default: -1 }),
  leaderRecoveryState: int8({
    tag: 0,
    about: '1 while a leader elected uncleanly recovers (KIP-704).',
  }),
  leaderEpoch: int32({ default: -1 }),
  partitionEpoch: int32({ default: -1 }),
  directories: array(uuid(), { since: 1 }),
  eligibleLeaderReplicas: array(int32(), {
    since: 2,
    nullable: true,
    tag: 1,
    default: null,
    about: 'Out of the ISR, but complete up to the high watermark (KIP-966).',
  }),
  lastKnownElr: array(int32(), {
    since: 2,
    nullable: true,
    tag: 2,
    default: null,
    about: 'Members of the ELR that were lost by an unclean stop.',
  }),
});

/** One configuration of a topic or broker was set or removed. */
const configRecord = struct('ConfigRecord', {
  resourceType: int8(),
  resourceName: string(),
  name: string(),
  value: string({ nullable: true, about: 'Null removes the configuration.' }),
});

/** What changed in a partition; all else stays. */
const partitionChangeRecord = struct('PartitionChangeRecord', {
  partitionId: int32({ default: -1 }),
  topicId: uuid(),
  isr: array(int32(), {
    nullable: true,
    tag: 0,
    default: null,
    about: 'Null: unchanged, as for all fields of this record.',
  }),
  leader: int32({ tag: 1, default: -2, about: '-2: unchanged; -1: none.' }),
  replicas: array(int32(), { nullable: true, tag: 2, default: null }),
  removingReplicas: array(int32(), { nullable: true, tag: 3, default: null }),
  addingReplicas: array(int32(), { nullable: true, tag: 4, default: null }),
  leaderRecoveryState: int8({ tag: 5, default: -1, about: '-1: unchanged.' }),
  directories: array(uuid(), { since: 1, nullable: true, tag: 8, default: null }),
  eligibleLeaderReplicas: array(int32(), { since: 2, nullable: true, tag: 6, default: null }),
  lastKnownElr: array(int32(), { since: 2, nullable: true, tag: 7, default: null }),
});

/** A broker was fenced: it missed its heartbeats or asked to be. */
const fenceBrokerRecord = struct('FenceBrokerRecord', {
  id: int32(),
  epoch: int64(),
});

/** A broker was unfenced and may lead. */
const unfenceBrokerRecord = struct('UnfenceBrokerRecord', {
  id: int32(),
  epoch: int64(),
});

/** A topic was deleted, with its partitions and configurations. */
const removeTopicRecord = struct('RemoveTopicRecord', {
  topicId: uuid(),
});

/** A feature, such as metadata.version, was set to a level. */
const featureLevelRecord = struct('FeatureLevelRecord', {
  name: string(),
  featureLevel: int16(),
});

/** Producer ids below the next one are given out. */
const producerIdsRecord = struct('ProducerIdsRecord', {
  brokerId: int32(),
  brokerEpoch: int64({ default: -1 }),
  nextProducerId: int64(),
});

/** What changed in the registration of a broker. */
const brokerRegistrationChangeRecord = struct('BrokerRegistrationChangeRecord', {
  brokerId: int32(),
  brokerEpoch: int64(),
  fenced: int8({ tag: 0, about: '-1: unfenced; 0: unchanged; 1: fenced.' }),
  inControlledShutdown: int8({
    since: 1,
    tag: 1,
    about: '0: unchanged; 1: in controlled shutdown.',
  }),
  logDirs: array(uuid(), { since: 2, tag: 2 }),
});

/** Nothing: it moves the high watermark of the metadata log. */
const noOpRecord = struct('NoOpRecord', {});

/** Each kind of record: its key, its highest version, its schema. All versions are flexible. */
export const metadataSchemas = {
  RegisterBrokerRecord: { key: 0, versionMax: 3, schema: registerBrokerRecord },
  UnregisterBrokerRecord: { key: 1, versionMax: 0, schema: unregisterBrokerRecord },
  TopicRecord: { key: 2, versionMax: 0, schema: topicRecord },
  PartitionRecord: { key: 3, versionMax: 2, schema: partitionRecord },
  ConfigRecord: { key: 4, versionMax: 0, schema: configRecord },
  PartitionChangeRecord: { key: 5, versionMax: 2, schema: partitionChangeRecord },
  FenceBrokerRecord: { key: 7, versionMax: 0, schema: fenceBrokerRecord },
  UnfenceBrokerRecord: { key: 8, versionMax: 0, schema: unfenceBrokerRecord },
  RemoveTopicRecord: { key: 9, versionMax: 0, schema: removeTopicRecord },
  FeatureLevelRecord: { key: 12, versionMax: 0, schema: featureLevelRecord },
  ProducerIdsRecord: { key: 15, versionMax: 0, schema: producerIdsRecord },
  BrokerRegistrationChangeRecord: {
    key: 17,
    versionMax: 2,
    schema: brokerRegistrationChangeRecord,
  },
  NoOpRecord: { key: 20, versionMax: 0, schema: noOpRecord },
} as const;
