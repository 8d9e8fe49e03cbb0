/**
 * Reads the whole cluster out of ZooKeeper: what a new controller begins with, and what it looks at
 * again when a watch says that brokers or topics came or went.
 *
 * All requests of a level go out together and are answered in order. If one fails for want of a
 * connection, the whole reading fails: it is begun anew after the reconnect.
 *
 * Not here: the JSON (`zk-data.ts`), what is decided (`kafka-controller.ts`).
 * Source: `kafka.controller.KafkaController.initializeControllerContext`.
 */
import { ZERO_UUID } from '../../bytes/base64url.ts';
import { assert } from '../../kernel/assert.ts';
import { ZkError } from '../../wire/zookeeper/errors.ts';
import type { ZooKeeperClient } from '../../zookeeper/zookeeper-client.ts';
import { RESOURCE_TYPE_TOPIC } from '../metadata/delta.ts';
import type { BrokerRegistration } from '../metadata/image.ts';
import type { MetadataRecord, PartitionRecord } from '../metadata/record.ts';
import * as zk from './zk-data.ts';

export interface Found {
  readonly data: Uint8Array | null;
  readonly version: number;
  readonly czxid: number;
}

/** Data by path: a path that is not there is left out. Null: the connection is gone. */
export function readAll(
  client: ZooKeeperClient,
  paths: readonly string[],
  done: (found: ReadonlyMap<string, Found> | null) => void,
): void {
  const found = new Map<string, Found>();
  let left = paths.length;
  let failed = false;
  if (left === 0) return done(found);
  for (const path of paths) {
    client.getData(path, false, (err, answer) => {
      if (answer !== null) {
        const { version, czxid } = answer.stat;
        found.set(path, { data: answer.data, version, czxid });
      } else if (err !== ZkError.NONODE) {
        failed = true;
      }
      left -= 1;
      if (left === 0) done(failed ? null : found);
    });
  }
}

/** The live brokers, in order of id, and a watch on who comes and goes. */
export function readBrokers(
  client: ZooKeeperClient,
  done: (brokers: readonly BrokerRegistration[] | null) => void,
): void {
  client.getChildren(zk.BROKER_IDS, true, (err, children) => {
    if (err !== 0) return done(null);
    readAll(
      client,
      children.map((id) => `${zk.BROKER_IDS}/${id}`),
      (found) => {
        if (found === null) return done(null);
        const brokers = [...found].map(([path, { data, czxid }]) => {
          return zk.brokerOf(Number(path.slice(zk.BROKER_IDS.length + 1)), czxid, data, ZERO_UUID);
        });
        const known = brokers.filter((broker) => broker !== null);
        done(known.sort((left, right) => left.id - right.id));
      },
    );
  });
}

/** All topics as records, with the first producer id that no block has. */
export function readTopics(
  client: ZooKeeperClient,
  done: (records: readonly MetadataRecord[] | null) => void,
): void {
  client.getChildren(zk.BROKER_TOPICS, false, (err, names) => {
    if (err !== 0) return done(null);
    const paths = names.flatMap((name) => [zk.topicPath(name), zk.topicConfigPath(name)]);
    readAll(client, [...paths, zk.PRODUCER_ID_BLOCK], (found) => {
      if (found === null) return done(null);
      readStates(client, names, found, done);
    });
  });
}

function readStates(
  client: ZooKeeperClient,
  names: readonly string[],
  found: ReadonlyMap<string, Found>,
  done: (records: readonly MetadataRecord[] | null) => void,
): void {
  const topics = names.flatMap((name) => {
    const data = found.get(zk.topicPath(name))?.data ?? null;
    const assignment = zk.topicAssignmentOf(data);
    return assignment === null ? [] : [{ name, assignment }];
  });
  const paths = topics.flatMap(({ name, assignment }) =>
    indexesOf(assignment).map((index) => zk.statePath(name, index)),
  );
  readAll(client, paths, (states) => {
    if (states === null) return done(null);
    const records = topics.flatMap(({ name, assignment }) => {
      const config = zk.configOf(found.get(zk.topicConfigPath(name))?.data ?? null);
      return topicRecords(name, assignment, states, config);
    });
    const nextProducerId = zk.nextProducerIdOf(found.get(zk.PRODUCER_ID_BLOCK)?.data ?? null);
    const data = { brokerId: -1, brokerEpoch: -1, nextProducerId };
    const ids: MetadataRecord[] = nextProducerId > 0 ? [{ type: 'ProducerIdsRecord', data }] : [];
    done([...records, ...ids]);
  });
}

function indexesOf({ partitions }: zk.TopicAssignment): readonly number[] {
  return Object.keys(partitions)
    .map(Number)
    .sort((left, right) => left - right);
}

function topicRecords(
  name: string,
  assignment: zk.TopicAssignment,
  states: ReadonlyMap<string, Found>,
  config: ReadonlyMap<string, string>,
): readonly MetadataRecord[] {
  const { topicId, partitions, adding, removing } = assignment;
  const records: MetadataRecord[] = [{ type: 'TopicRecord', data: { name, topicId } }];
  for (const index of indexesOf(assignment)) {
    const found = states.get(zk.statePath(name, index));
    const state = zk.stateOf(found?.data ?? null);
    // Only the controller makes topics, in one step: who writes a topic's znode by hand is ignored.
    if (found === undefined || state === null) break;
    assert(state.leaderEpoch >= 0, 'a leader epoch', { name, index });
    const data: PartitionRecord = {
      ...{ partitionId: index, topicId, directories: [] },
      replicas: partitions[index] ?? [],
      addingReplicas: adding[index] ?? [],
      removingReplicas: removing[index] ?? [],
      ...state,
      partitionEpoch: found.version,
      ...{ eligibleLeaderReplicas: null, lastKnownElr: null },
    };
    records.push({ type: 'PartitionRecord', data });
  }
  for (const [key, value] of config) {
    const of = { resourceType: RESOURCE_TYPE_TOPIC, resourceName: name, name: key, value };
    records.push({ type: 'ConfigRecord', data: of });
  }
  return records;
}
