/**
 * What is asked about share groups (KIP-932) of a broker that is alone and has them: a group with
 * two members, its records and their acknowledgements, the states at the share coordinator.
 *
 * Not here: the other cases (`conversation.ts`), for a cluster without `share.version=1` closes the
 * connection at all of these.
 */
import { createTopics } from '#engine/wire/kafka/messages/create-topics.ts';
import { findCoordinator } from '#engine/wire/kafka/messages/find-coordinator.ts';
import { incrementalAlterConfigs } from '#engine/wire/kafka/messages/incremental-alter-configs.ts';
import { metadata, metadataRequest } from '#engine/wire/kafka/messages/metadata.ts';
import { produce, produceRequest } from '#engine/wire/kafka/messages/produce.ts';
import { shareAcknowledge } from '#engine/wire/kafka/messages/share-acknowledge.ts';
import { shareFetch } from '#engine/wire/kafka/messages/share-fetch.ts';
import { shareGroupDescribe } from '#engine/wire/kafka/messages/share-group-describe.ts';
import { shareGroupHeartbeat } from '#engine/wire/kafka/messages/share-group-heartbeat.ts';
import {
  deleteShareGroupState,
  initializeShareGroupState,
  readShareGroupState,
  readShareGroupStateSummary,
  writeShareGroupState,
} from '#engine/wire/kafka/messages/share-group-state.ts';
import { encodeBatch } from '#engine/wire/kafka/record-batch.ts';
import { defaults } from '#engine/wire/kafka/schema.ts';
import { ZERO_UUID } from '#engine/bytes/base64url.ts';
import { encodeUtf8 } from '#engine/bytes/utf8.ts';
import { type Exchange, Talk } from './talk.ts';

const RECORDS = 8;
/** Member ids are uuids: the real broker reads them as such. */
const ONE = 'b25lb25lb25lb25lb25lbw';
const TWO = 'dHdvdHdvdHdvdHdvdHdvdA';
const EARLY = 'emVyb3plcm96ZXJvemVybw';
const [GAP, ACCEPT, RELEASE, REJECT] = [0, 1, 2, 3];
const NOT_YET = new Set([14, 15, 16]);
/** A state is made after the heartbeat that asks for it, and a session ends after its request. */
const MADE_MS = 8_000;
const ENDED_MS = 1_500;

type Acks = readonly (readonly number[])[];
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

class ShareTalk {
  readonly talk: Talk;
  readonly group: string;
  readonly other: string;
  readonly topic: string;
  topicId = ZERO_UUID;

  constructor(address: string, suffix: string) {
    this.talk = new Talk([address], suffix);
    this.topic = this.talk.topic('pay');
    this.group = this.talk.topic('packing');
    this.other = this.talk.topic('other');
  }

  async prepare(): Promise<void> {
    const { talk, topic: name } = this;
    const topics = [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }];
    const body = { topics, timeoutMs: 5_000, validateOnly: false };
    await talk.settle(createTopics, 5, body, ({ topics: [one] }) => one?.errorCode !== -1);
    const asked = { ...defaults(metadataRequest), topics: [{ topicId: ZERO_UUID, name }] };
    const known = await talk.settle(metadata, 12, asked, ({ topics: [one] }) => {
      return (one?.partitions[0]?.leaderId ?? -1) >= 0;
    });
    this.topicId = known.topics[0]?.topicId ?? ZERO_UUID;
    talk.name(this.topicId, 'topic id of pay');
    for (let n = 0; n < RECORDS; n++) await this.#produce(n);
  }

  async #produce(n: number): Promise<void> {
    const record = { timestamp: 1_000 + n, key: null, value: encodeUtf8(`v${n}`), headers: [] };
    const partitionData = [{ index: 0, records: encodeBatch({ records: [record] }) }];
    const topicData = [{ name: this.topic, topicId: ZERO_UUID, partitionData }];
    const body = { ...defaults(produceRequest), acks: -1, timeoutMs: 5_000, topicData };
    await this.talk.settle(produce, 9, body, ({ responses: [one] }) => {
      return one?.partitionResponses[0]?.errorCode === 0;
    });
  }

  async configure(name: string, value: string): Promise<void> {
    const configs = [{ name, configOperation: 0, value }];
    const resources = [{ resourceType: 32, resourceName: this.group, configs }];
    await this.talk.ask(incrementalAlterConfigs, 1, { resources, validateOnly: false });
  }

  async find(keyType: number, key: string): Promise<void> {
    await this.talk.ask(findCoordinator, 6, { key, keyType, coordinatorKeys: [key] });
  }

  #beat(memberId: string, memberEpoch: number, topics: readonly string[] | null) {
    const of = { groupId: this.group, memberId, memberEpoch, subscribedTopicNames: topics };
    return { ...of, rackId: null };
  }

  /** The coordinator is there. */
  async coordinated(): Promise<void> {
    const { talk, group: key } = this;
    const found = { key, keyType: 0, coordinatorKeys: [key] };
    await talk.settle(findCoordinator, 6, found, ({ coordinators: [one] }) => one?.errorCode === 0);
    const beat = this.#beat(ONE, 5, null);
    await talk.settle(shareGroupHeartbeat, 1, beat, ({ errorCode }) => !NOT_YET.has(errorCode));
  }

  async beat(member: string, epoch: number, topics: readonly string[] | null = null) {
    await this.talk.ask(shareGroupHeartbeat, 1, this.#beat(member, epoch, topics));
  }

  async describe(...groups: string[]): Promise<void> {
    const body = { groupIds: groups, includeAuthorizedOperations: false };
    await this.talk.ask(shareGroupDescribe, 1, body);
  }

  #topics(acks: Acks) {
    const acknowledgementBatches = acks.map(([firstOffset = 0, lastOffset = 0, ...types]) => {
      return { firstOffset, lastOffset, acknowledgeTypes: types };
    });
    const partitions = [{ partitionIndex: 0, acknowledgementBatches }];
    return [{ topicId: this.topicId, partitions }];
  }

  fetchBody(memberId: string, shareSessionEpoch: number, maxRecords: number, acks: Acks = []) {
    return {
      ...defaults(shareFetch.request),
      ...{ groupId: this.group, memberId, shareSessionEpoch },
      ...{ maxWaitMs: 300, minBytes: 1, maxBytes: 1_048_576, maxRecords, batchSize: 1 },
      topics: this.#topics(acks),
    };
  }

  async fetch(...of: Parameters<ShareTalk['fetchBody']>): Promise<void> {
    await this.talk.ask(shareFetch, 1, this.fetchBody(...of));
  }

  async acknowledge(memberId: string, shareSessionEpoch: number, acks: Acks): Promise<void> {
    const topics = acks.length === 0 ? [] : this.#topics(acks);
    const body = { groupId: this.group, memberId, shareSessionEpoch, topics };
    await this.talk.ask(shareAcknowledge, 1, body);
  }

  /** A request about one share-partition's state. */
  state<T extends object>(groupId: string, of: T, partition = 0) {
    const { topicId } = this;
    return { groupId, topics: [{ topicId, partitions: [{ partition, ...of }] }] };
  }
}

/** Asks a broker that has share groups, and gives back what it answered. */
export async function converseAboutSharing(address: string, suffix: string): Promise<Exchange[]> {
  const sharing = new ShareTalk(address, suffix);
  await sharing.prepare();
  await settings(sharing);
  await membership(sharing);
  await records(sharing);
  await states(sharing);
  sharing.talk.end();
  return sharing.talk.exchanges;
}

async function settings(sharing: ShareTalk): Promise<void> {
  sharing.talk.case('group settings');
  await sharing.configure('share.auto.offset.reset', 'earliest');
  await sharing.configure('share.auto.offset.reset', 'first');
  await sharing.configure('share.nothing', '1');
  await sharing.configure('share.record.lock.duration.ms', '60000');
}

async function membership(sharing: ShareTalk): Promise<void> {
  await sharing.coordinated();
  sharing.talk.case('share group');
  await sharing.find(2, 'nokey');
  await sharing.find(2, 'g:x:y');
  await sharing.beat(ONE, 3);
  await sharing.beat(ONE, 0);
  await sharing.beat('', 0, [sharing.topic]);
  await sharing.beat(ONE, -2);
  await sharing.beat(ONE, 0, []);
  await sharing.beat(ONE, 0, [sharing.topic]);
  await sharing.beat(TWO, 1);
  await sharing.beat(ONE, 9);
  await pause(MADE_MS);
  for (const epoch of [1, 2, 1]) await sharing.beat(ONE, epoch);
  await sharing.describe(sharing.group, 'none');
  await sharing.beat(TWO, 0, [sharing.topic]);
  await sharing.beat(TWO, 3);
  await sharing.beat(ONE, 2);
}

async function records(sharing: ShareTalk): Promise<void> {
  const { talk } = sharing;
  talk.case('share fetch');
  await sharing.fetch(ONE, 4, 500);
  const first = sharing.fetchBody(EARLY, 0, 1);
  await talk.settle(shareFetch, 1, first, ({ errorCode }) => errorCode === 0);
  await sharing.acknowledge(EARLY, -1, []);
  await pause(ENDED_MS);
  await sharing.fetch(ONE, 0, 2);
  await sharing.fetch(TWO, 0, 2);
  await sharing.fetch(ONE, 5, 500);
  await sharing.fetch(ONE, 1, 1);
  await sharing.fetch(TWO, 0, 500, [[2, 2, ACCEPT]]);
  talk.case('share acknowledge');
  const told: readonly Acks[] = [
    [[0, 2, ACCEPT]],
    [[0, 0, 7]],
    [[0, 0]],
    [[1, 0, ACCEPT]],
    [[0, 0, ACCEPT, ACCEPT]],
    [[40, 41, ACCEPT]],
    [[3, 9, ACCEPT]],
    [[1, 1, ACCEPT]],
    [[1, 1, ACCEPT]],
    [[0, 0, RELEASE]],
  ];
  await sharing.acknowledge(ONE, 0, [[0, 0, ACCEPT]]);
  for (const [place, acks] of told.entries()) await sharing.acknowledge(ONE, 2 + place, acks);
  await sharing.fetch(ONE, 12, 1);
  await sharing.acknowledge(ONE, 13, [[0, 0, ACCEPT]]);
  await sharing.acknowledge(ONE, 14, [[0, 0, ACCEPT]]);
  await sharing.acknowledge(TWO, 1, [[2, 3, REJECT, GAP]]);
  await sharing.acknowledge(TWO, 2, [[2, 3, ACCEPT]]);
  await sharing.fetch(ONE, 15, 500, [[4, 4, ACCEPT]]);
  await sharing.acknowledge(ONE, 16, [[5, 7, ACCEPT, RELEASE, ACCEPT]]);
  await sharing.acknowledge(ONE, 99, []);
  await sharing.acknowledge(ONE, -1, []);
  await sharing.acknowledge(ONE, -1, []);
  await sharing.fetch(TWO, 3, 500);
  await sharing.acknowledge(TWO, -1, [[6, 6, ACCEPT]]);
}

async function states(sharing: ShareTalk): Promise<void> {
  const { talk, other } = sharing;
  talk.case('share states');
  const of = (fields: object, partition = 0): never =>
    sharing.state(other, fields, partition) as never;
  const batch = (firstOffset: number, lastOffset: number, deliveryState: number) => {
    return { firstOffset, lastOffset, deliveryState, deliveryCount: 1 };
  };
  const write = (
    stateEpoch: number,
    leaderEpoch: number,
    stateBatches: object[],
  ): Promise<unknown> =>
    talk.ask(
      writeShareGroupState,
      0,
      of({ stateEpoch, leaderEpoch, startOffset: -1, stateBatches }),
    );
  const read = (leaderEpoch: number) => talk.ask(readShareGroupState, 0, of({ leaderEpoch }));
  const sum = (leaderEpoch: number) => talk.ask(readShareGroupStateSummary, 0, of({ leaderEpoch }));
  const initialize = (stateEpoch: number, startOffset: number, partition = 0): Promise<unknown> =>
    talk.ask(initializeShareGroupState, 0, of({ stateEpoch, startOffset }, partition));
  const own = sharing.state(sharing.group, { leaderEpoch: 0 });
  await talk.ask(readShareGroupStateSummary, 0, own);
  await talk.ask(readShareGroupState, 0, own);
  await read(0);
  await sum(0);
  await write(0, 0, []);
  await initialize(2, 3);
  await read(4);
  await read(3);
  await write(1, 4, []);
  await write(2, 1, []);
  await write(2, 4, [batch(3, 8, 0)]);
  await write(2, 4, [batch(5, 6, 2)]);
  await read(4);
  await sum(4);
  await initialize(1, 3);
  await initialize(0, 3, 5);
  for (let time = 0; time < 2; time++) await talk.ask(deleteShareGroupState, 0, of({}));
  await read(4);
  talk.case('share group that ends');
  for (const member of [ONE, ONE, TWO]) await sharing.beat(member, -1);
  await sharing.describe(sharing.group);
}
