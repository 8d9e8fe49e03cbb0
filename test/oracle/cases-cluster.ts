/** Cases about the cluster: versions, metadata, topics and how they are refused. */
import { ZERO_UUID } from '../../engine/bytes/base64url.ts';
import { apiVersions } from '../../engine/wire/kafka/messages/api-versions.ts';
import { createTopics } from '../../engine/wire/kafka/messages/create-topics.ts';
import type { CreateTopicsRequest } from '../../engine/wire/kafka/messages/create-topics.ts';
import { deleteTopics } from '../../engine/wire/kafka/messages/delete-topics.ts';
import { describeCluster } from '../../engine/wire/kafka/messages/describe-cluster.ts';
import { describeConfigs } from '../../engine/wire/kafka/messages/describe-configs.ts';
import { electLeaders } from '../../engine/wire/kafka/messages/elect-leaders.ts';
import {
  type IncrementalAlterConfigsRequest,
  incrementalAlterConfigs,
} from '../../engine/wire/kafka/messages/incremental-alter-configs.ts';
import { metadata } from '../../engine/wire/kafka/messages/metadata.ts';
import type { MetadataRequest } from '../../engine/wire/kafka/messages/metadata.ts';
import { defaults } from '../../engine/wire/kafka/schema.ts';
import type { Talk } from './talk.ts';

type Topic = CreateTopicsRequest['topics'][number];

/** Old records are to stay: their times are fixed ones. */
const KEEP = { name: 'retention.ms', value: '-1' };

/** One partition on the brokers 1, 2, 3, or what is said otherwise. */
export function topicOf(name: string, more: Partial<Topic> = {}): Topic {
  const assignments = [{ partitionIndex: 0, brokerIds: [1, 2, 3] }];
  return { name, numPartitions: -1, replicationFactor: -1, configs: [KEEP], assignments, ...more };
}

const toCreate = (topics: readonly Topic[], validateOnly = false): CreateTopicsRequest => ({
  topics,
  timeoutMs: 10_000,
  validateOnly,
});

const toDescribe = (names: readonly string[] | null): MetadataRequest => ({
  ...defaults(metadata.request),
  topics: names?.map((name) => ({ name, topicId: ZERO_UUID })) ?? null,
  allowAutoTopicCreation: false,
});

/** Makes a topic and waits until all brokers know it and all replicas are in sync. Its id. */
export async function makeTopic(talk: Talk, topic: Topic): Promise<string> {
  const replicas = topic.assignments[0]?.brokerIds.length ?? 1;
  await talk.settle(createTopics, 7, toCreate([topic]), ({ topics }) =>
    [0, 36].includes(topics[0]!.errorCode),
  );
  for (const broker of [1, 2, 3]) {
    await talk.settle(
      metadata,
      12,
      toDescribe([topic.name]),
      ({ topics }) =>
        topics[0]!.partitions.length > 0 &&
        topics[0]!.partitions.every(
          ({ leaderId, isrNodes }) => leaderId > 0 && isrNodes.length === replicas,
        ),
      broker,
    );
  }
  const { topics } = await talk.settle(metadata, 12, toDescribe([topic.name]), () => true);
  const id = topics[0]!.topicId;
  talk.name(id, `id of ${topic.name.split('-')[0]}`);
  return id;
}

export async function askVersions(talk: Talk): Promise<void> {
  talk.case('ApiVersions');
  const client = { clientSoftwareName: 'oracle', clientSoftwareVersion: '1.0' };
  for (const version of [0, 1, 2, 3, 4]) await talk.ask(apiVersions, version, client);
  await talk.ask(apiVersions, 4, { ...client, clientSoftwareName: 'not plain!' });
  await talk.ask(apiVersions, 4, { ...client, clientSoftwareVersion: '' });

  talk.case('versions that are gone or to come');
  for (const [key, version] of [
    [0, 0],
    [0, 2],
    [1, 3],
    [2, 0],
    [3, 14],
    [18, 99],
    [19, 1],
    [60, 3],
    [999, 0],
  ] as const) {
    await talk.askRaw(`key ${key} v${version}`, bareFrame(key, version));
  }
}

/** A header 2 without tagged fields, and no body. */
function bareFrame(key: number, version: number): Uint8Array {
  const frame = Buffer.alloc(15);
  frame.writeInt32BE(11, 0);
  frame.writeInt16BE(key, 4);
  frame.writeInt16BE(version, 6);
  frame.writeInt32BE(1, 8);
  frame.writeInt16BE(-1, 12);
  return frame;
}

export async function askMetadata(talk: Talk): Promise<void> {
  const seen = talk.topic('seen');
  const topicId = await makeTopic(talk, topicOf(seen));
  talk.case('Metadata');
  for (let version = 0; version <= 13; version++) {
    await talk.ask(metadata, version, toDescribe([seen]));
  }
  talk.case('Metadata: of what is not there');
  // Before version 4 a client cannot forbid that the topic is made.
  for (const version of [4, 9, 13]) {
    await talk.ask(metadata, version, toDescribe([talk.topic('nowhere')]));
    await talk.ask(metadata, version, toDescribe(['in/valid', '', '.']));
    await talk.ask(metadata, version, toDescribe([seen, talk.topic('nowhere'), seen]));
  }
  talk.case('Metadata: by id');
  const byId = (id: string, name: string | null = null): MetadataRequest => ({
    ...toDescribe([]),
    topics: [{ name, topicId: id }],
  });
  for (const version of [12, 13]) {
    await talk.ask(metadata, version, byId(topicId));
    await talk.ask(metadata, version, byId('AAAAAAAAAAAAAAAAAAAAKg'));
    await talk.ask(metadata, version, byId(ZERO_UUID));
    await talk.ask(metadata, version, byId(topicId, seen));
  }
  await talk.ask(metadata, 11, byId(topicId));
  await talk.ask(metadata, 13, toDescribe([]));

  talk.case('DescribeCluster');
  for (const endpointType of [1, 2, 3]) {
    for (const version of endpointType === 1 ? [0, 1, 2] : [2]) {
      const includeFencedBrokers = version === 2;
      const includeClusterAuthorizedOperations = false;
      const body = { includeClusterAuthorizedOperations, endpointType, includeFencedBrokers };
      await talk.ask(describeCluster, version, body);
    }
  }
}

export async function askTopics(talk: Talk): Promise<void> {
  const create = async (topics: readonly Topic[], version = 7): Promise<void> => {
    const answer = await talk.ask(createTopics, version, toCreate(topics));
    for (const { topicId, name } of answer?.topics ?? []) {
      if (topicId !== ZERO_UUID) talk.name(topicId, `id of ${name.split('-')[0]}`);
    }
  };
  talk.case('CreateTopics');
  for (let version = 2; version <= 7; version++) {
    const topic = topicOf(talk.topic(`version${version}`));
    await talk.ask(createTopics, version, toCreate([topic], true));
  }
  await create([topicOf('in/valid'), topicOf(''), topicOf('.'), topicOf('x'.repeat(250))]);
  await create([topicOf(talk.topic('twice')), topicOf(talk.topic('twice'))]);
  await create([topicOf('__cluster_metadata')]);
  const counted = { assignments: [] };
  for (const [numPartitions, replicationFactor] of [
    [1, 4],
    [1, 0],
    [0, 1],
    [-2, 1],
    [1, -2],
    [200_000, 1],
  ] as const) {
    const name = talk.topic('counts');
    await create([topicOf(name, { ...counted, numPartitions, replicationFactor })]);
  }
  talk.case('CreateTopics: assignments');
  for (const brokers of [[[9]], [[]], [[1, 1]], [[1], [1, 2]], [[-1]], [[1], [9]]]) {
    const assignments = brokers.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }));
    await create([topicOf(talk.topic('assigned'), { assignments })]);
  }
  const gap = [1, 3].map((partitionIndex) => ({ partitionIndex, brokerIds: [1] }));
  await create([topicOf(talk.topic('assigned'), { assignments: gap })]);
  const same = [0, 0].map((partitionIndex) => ({ partitionIndex, brokerIds: [1] }));
  await create([topicOf(talk.topic('assigned'), { assignments: same })]);
  await create([topicOf(talk.topic('assigned'), { numPartitions: 1, replicationFactor: 3 })]);
  await create([topicOf(talk.topic('assigned'), { numPartitions: 1 })]);
  talk.case('CreateTopics: configurations');
  for (const [name, value] of [
    ['no.such.setting', '1'],
    ['min.insync.replicas', '0'],
    ['min.insync.replicas', 'many'],
    ['min.insync.replicas', '7'],
    ['retention.ms', '-2'],
    ['cleanup.policy', 'burn'],
    ['segment.bytes', '5'],
    ['compression.type', 'zip'],
    ['unclean.leader.election.enable', 'maybe'],
    ['retention.ms', null],
  ] as const) {
    const topic = topicOf(talk.topic('configured'), { configs: [{ name, value }] });
    await talk.ask(createTopics, 7, toCreate([topic], true));
  }
  talk.case('CreateTopics: names that collide');
  await create([topicOf(talk.topic('a.b'))]);
  await create([topicOf(talk.topic('a.b'))]);
  await create([topicOf(talk.topic('a_b'))]);
  await create([topicOf(talk.topic('a_b'))], 2);
  await askDeletion(talk);
}

async function askDeletion(talk: Talk): Promise<void> {
  talk.case('DeleteTopics');
  const topicId = await makeTopic(talk, topicOf(talk.topic('doomed')));
  const timeoutMs = 10_000;
  const byName = (name: string | null, id = ZERO_UUID) => ({
    topics: [{ name, topicId: id }],
    topicNames: name === null ? [] : [name],
    timeoutMs,
  });
  for (const version of [1, 4, 5, 6]) {
    await talk.ask(deleteTopics, version, byName(talk.topic('nowhere')));
  }
  await talk.ask(deleteTopics, 6, byName(null, 'AAAAAAAAAAAAAAAAAAAAKg'));
  await talk.ask(deleteTopics, 6, byName(null));
  await talk.ask(deleteTopics, 6, byName(talk.topic('doomed'), topicId));
  const { topics } = byName(talk.topic('doomed'));
  await talk.ask(deleteTopics, 6, { topics: [...topics, ...topics], topicNames: [], timeoutMs });
  await talk.ask(deleteTopics, 6, byName(null, topicId));
  await talk.ask(deleteTopics, 6, byName(null, topicId));
}

export async function askConfigs(talk: Talk): Promise<void> {
  const name = talk.topic('set');
  const configs = [KEEP, { name: 'min.insync.replicas', value: '2' }];
  await makeTopic(talk, topicOf(name, { configs }));
  talk.case('DescribeConfigs');
  const about = (resourceType: number, resourceName: string, keys: string[] | null) => ({
    resources: [{ resourceType, resourceName, configurationKeys: keys }],
    includeSynonyms: false,
    includeDocumentation: false,
  });
  const keys = ['min.insync.replicas', 'retention.ms', 'cleanup.policy', 'flush.messages'];
  for (const version of [1, 2, 3, 4]) {
    await talk.ask(describeConfigs, version, about(2, name, keys));
  }
  await talk.ask(describeConfigs, 4, about(2, talk.topic('nowhere'), keys));
  await talk.ask(describeConfigs, 4, about(2, 'in/valid', keys));
  await talk.ask(describeConfigs, 4, about(2, name, ['no.such.setting']));
  await talk.ask(describeConfigs, 4, about(4, '1', ['min.insync.replicas']));
  await talk.ask(describeConfigs, 4, about(4, '2', ['min.insync.replicas']));
  await talk.ask(describeConfigs, 4, about(99, name, []));

  talk.case('IncrementalAlterConfigs');
  const alter = (
    config: string,
    value: string | null,
    configOperation = 0,
    topic = name,
  ): IncrementalAlterConfigsRequest => ({
    resources: [
      { resourceType: 2, resourceName: topic, configs: [{ name: config, configOperation, value }] },
    ],
    validateOnly: true,
  });
  for (const version of [0, 1]) {
    await talk.ask(incrementalAlterConfigs, version, alter('min.insync.replicas', '1'));
  }
  await talk.ask(incrementalAlterConfigs, 1, alter('min.insync.replicas', 'many'));
  await talk.ask(incrementalAlterConfigs, 1, alter('min.insync.replicas', null));
  await talk.ask(incrementalAlterConfigs, 1, alter('min.insync.replicas', null, 1));
  await talk.ask(incrementalAlterConfigs, 1, alter('min.insync.replicas', '1', 2));
  await talk.ask(incrementalAlterConfigs, 1, alter('min.insync.replicas', '1', 9));
  await talk.ask(incrementalAlterConfigs, 1, alter('no.such.setting', '1'));
  await talk.ask(incrementalAlterConfigs, 1, alter('retention.ms', '1', 0, talk.topic('nowhere')));

  talk.case('ElectLeaders');
  const elect = (topic: string, partition: number) => ({
    electionType: 0,
    topicPartitions: [{ topic, partitions: [partition] }],
    timeoutMs: 10_000,
  });
  for (const version of [0, 1, 2]) await talk.ask(electLeaders, version, elect(name, 0));
  await talk.ask(electLeaders, 2, { ...elect(name, 0), electionType: 1 });
  await talk.ask(electLeaders, 2, elect(name, 5));
  await talk.ask(electLeaders, 2, elect(talk.topic('nowhere'), 0));
}
