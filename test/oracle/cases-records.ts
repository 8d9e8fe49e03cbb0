/** Cases about records: producing them, fetching them, finding their offsets. */
import { fetch } from '../../engine/wire/kafka/messages/fetch.ts';
import { initProducerId } from '../../engine/wire/kafka/messages/init-producer-id.ts';
import { listOffsets } from '../../engine/wire/kafka/messages/list-offsets.ts';
import { offsetForLeaderEpoch } from '../../engine/wire/kafka/messages/offset-for-leader-epoch.ts';
import { produce } from '../../engine/wire/kafka/messages/produce.ts';
import { batch, TIME_MS, toFetch, toProduce } from './batches.ts';
import { makeTopic, topicOf } from './cases-cluster.ts';
import type { Talk } from './talk.ts';

const KEEP = { name: 'retention.ms', value: '-1' };
/** Far beyond message.timestamp.after.max.ms: the year 2100. */
const FUTURE_MS = 4_102_444_800_000;

export async function askProduce(talk: Talk): Promise<void> {
  const name = talk.topic('pay');
  await makeTopic(talk, topicOf(name));
  talk.case('Produce');
  for (let version = 3; version <= 12; version++) {
    await talk.ask(produce, version, toProduce(name, batch([`v${version}`])));
  }
  for (const acks of [1, 2, -2])
    await talk.ask(produce, 12, toProduce(name, batch(['a']), { acks }));
  await talk.ask(produce, 12, toProduce(name, batch(['a']), { acks: 0 }));
  await talk.ask(produce, 12, toProduce(name, batch(['a', 'b', 'c'])));

  talk.case('Produce: to the wrong place');
  for (const version of [3, 9, 12]) {
    await talk.ask(produce, version, toProduce(talk.topic('nowhere'), batch(['a'])));
    await talk.ask(produce, version, toProduce(name, batch(['a']), { index: 7 }));
    await talk.ask(produce, version, toProduce(name, batch(['a'])), 2);
  }
  await talk.ask(produce, 12, toProduce('in/valid', batch(['a'])));
  await talk.ask(produce, 12, toProduce('__cluster_metadata', batch(['a'])));
  await talk.ask(produce, 12, toProduce(talk.topic('nowhere'), batch(['a']), { acks: 0 }));
  await talk.ask(produce, 12, toProduce(name, batch(['a'])));
  await askBadBatches(talk, name);
  await askTopicRules(talk);
}

async function askBadBatches(talk: Talk, name: string): Promise<void> {
  talk.case('Produce: batches that make no sense');
  const good = batch(['good', 'record']);
  const changed = (at: number, to: number): Uint8Array => good.with(at, to);
  await talk.ask(produce, 12, toProduce(name, changed(good.length - 1, 1)));
  await talk.ask(produce, 12, toProduce(name, changed(16, 1)));
  await talk.ask(produce, 12, toProduce(name, changed(16, 3)));
  await talk.ask(produce, 12, toProduce(name, new Uint8Array(0)));
  await talk.ask(produce, 12, toProduce(name, null));
  await talk.ask(produce, 12, toProduce(name, good.subarray(0, 30)));
  await talk.ask(produce, 12, toProduce(name, good.subarray(0, good.length - 1)));
  await talk.ask(produce, 12, toProduce(name, Uint8Array.from([...good, ...good])));
  await talk.ask(produce, 12, toProduce(name, batch(['a'], { isControl: true })));
  await talk.ask(produce, 12, toProduce(name, batch(['a', 'b'], { lastOffsetDelta: 5 })));
  await talk.ask(produce, 12, toProduce(name, batch([], { lastOffsetDelta: 0 })));
  await talk.ask(produce, 12, toProduce(name, batch(['a'], { baseOffset: 17 })));
  await talk.ask(produce, 12, toProduce(name, batch(['a'], { maxTimestamp: TIME_MS + 99 })));
  await talk.ask(produce, 12, toProduce(name, batch(['a'], { baseTimestamp: FUTURE_MS })));
  const far = { timestamp: FUTURE_MS, key: null, value: null };
  await talk.ask(produce, 12, toProduce(name, batch([], { records: [far] })));
  await talk.ask(produce, 8, toProduce(name, batch([], { records: [far] })));
  await talk.ask(produce, 7, toProduce(name, batch([], { records: [far] })));
  const big = batch(['x'.repeat(1_100_000)]);
  await talk.ask(produce, 12, toProduce(name, big));
  await talk.ask(produce, 6, toProduce(name, batch(['a'], { codec: 'zstd' })));
  for (const codec of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    await talk.ask(produce, 12, toProduce(name, batch(['a', 'b'], { codec })));
  }
}

async function askTopicRules(talk: Talk): Promise<void> {
  talk.case('Produce: rules of the topic');
  const withConfig = async (topic: string, config: string, value: string): Promise<string> => {
    const configs = [KEEP, { name: config, value }];
    const assignments = [{ partitionIndex: 0, brokerIds: [1, 2] }];
    await makeTopic(talk, topicOf(talk.topic(topic), { configs, assignments }));
    return talk.topic(topic);
  };
  const strict = await withConfig('strict', 'min.insync.replicas', '3');
  for (const version of [3, 12]) await talk.ask(produce, version, toProduce(strict, batch(['a'])));
  await talk.ask(produce, 12, toProduce(strict, batch(['a']), { acks: 1 }));
  const compacted = await withConfig('compacted', 'cleanup.policy', 'compact');
  for (const version of [7, 8, 12]) {
    await talk.ask(produce, version, toProduce(compacted, batch(['a', 'b'])));
  }
  const small = await withConfig('small', 'max.message.bytes', '100');
  await talk.ask(produce, 12, toProduce(small, batch(['x'.repeat(100)])));
  const create = await withConfig('past', 'message.timestamp.before.max.ms', '1000');
  await talk.ask(produce, 12, toProduce(create, batch(['a'])));
}

export async function askSequences(talk: Talk): Promise<void> {
  const name = talk.topic('once');
  await makeTopic(talk, topicOf(name));
  talk.case('InitProducerId');
  const asked = { transactionalId: null, transactionTimeoutMs: 60_000 };
  const fresh = { ...asked, producerId: -1, producerEpoch: -1 };
  const { producerId } = await talk.settle(initProducerId, 4, fresh, (one) => one.errorCode === 0);
  for (let version = 0; version <= 5; version++) {
    await talk.ask(initProducerId, version, fresh);
  }
  await talk.ask(initProducerId, 5, { ...fresh, transactionalId: '' });
  await talk.ask(initProducerId, 5, { ...asked, producerId: 5, producerEpoch: -1 });
  await talk.ask(initProducerId, 5, { ...asked, producerId: -1, producerEpoch: 5 });

  talk.case('Produce: sequences');
  const send = async (
    baseSequence: number,
    producerEpoch = 0,
    values: readonly string[] = ['a', 'b'],
    id = producerId,
  ): Promise<void> => {
    const draft = { producerId: id, producerEpoch, baseSequence };
    await talk.ask(produce, 12, toProduce(name, batch(values, draft)));
  };
  await send(0);
  await send(2);
  await send(0);
  await send(2);
  await send(7);
  await send(3);
  await send(4, 0, ['c']);
  await send(5, 1);
  await send(0, 1);
  await send(5, 0);
  await send(7, 0, ['d'], producerId + 1000);
  await send(0, 5, ['d'], producerId + 1001);
  await send(-1, 1);
  await send(2, -1);
  const transactional = { producerId, producerEpoch: 1, baseSequence: 2, isTransactional: true };
  await talk.ask(produce, 12, toProduce(name, batch(['t'], transactional)));
  for (let sequence = 2; sequence < 9; sequence++) await send(sequence, 1, [`s${sequence}`]);
  await send(2, 1, ['s2']);
  await send(5, 1, ['s5']);
}

export async function askFetch(talk: Talk): Promise<void> {
  const topic = talk.topic('read');
  const topicId = await makeTopic(talk, topicOf(topic));
  for (const values of [['a', 'b'], ['c'], ['d', 'e', 'f']]) {
    await talk.settle(produce, 12, toProduce(topic, batch(values)), () => true);
  }
  talk.case('Fetch');
  for (let version = 4; version <= 17; version++) {
    await talk.ask(fetch, version, toFetch({ topic, topicId }));
  }
  for (const version of [4, 11, 12, 17]) {
    for (const fetchOffset of [1, 3, 6, 7, -1]) {
      await talk.ask(fetch, version, toFetch({ topic, topicId }, { fetchOffset }));
    }
  }
  await talk.ask(fetch, 17, toFetch({ topic, topicId }, { partitionMaxBytes: 1 }));
  await talk.ask(fetch, 17, toFetch({ topic, topicId }, {}, { maxBytes: 1 }));
  await talk.ask(fetch, 17, toFetch({ topic, topicId }, { partitionMaxBytes: 150 }));
  await talk.ask(fetch, 17, toFetch({ topic, topicId }, {}, { isolationLevel: 1 }));
  await talk.ask(
    fetch,
    17,
    toFetch({ topic, topicId }, { fetchOffset: 6 }, { maxWaitMs: 50, minBytes: 1 }),
  );

  talk.case('Fetch: from the wrong place');
  for (const version of [4, 10, 11, 12]) {
    await talk.ask(fetch, version, toFetch({ topic: talk.topic('nowhere') }));
    await talk.ask(fetch, version, toFetch({ topic }, { partition: 7 }));
  }
  for (const version of [4, 10]) await talk.ask(fetch, version, toFetch({ topic }), 2);
  await talk.ask(fetch, 17, toFetch({ topicId: 'AAAAAAAAAAAAAAAAAAAAKg' }));
  await talk.ask(fetch, 17, toFetch({}));
  await talk.ask(fetch, 17, toFetch({ topicId }, { partition: 7 }));

  talk.case('Fetch: epochs');
  for (const currentLeaderEpoch of [0, 5]) {
    for (const version of [9, 12, 17]) {
      await talk.ask(fetch, version, toFetch({ topic, topicId }, { currentLeaderEpoch }));
    }
  }
  await talk.ask(fetch, 17, toFetch({ topicId }, { fetchOffset: 3, lastFetchedEpoch: 0 }));
  await talk.ask(fetch, 17, toFetch({ topicId }, { fetchOffset: 9, lastFetchedEpoch: 0 }));
  await talk.ask(fetch, 17, toFetch({ topicId }, { fetchOffset: 3, lastFetchedEpoch: 4 }));

  talk.case('Fetch: sessions');
  await talk.ask(fetch, 17, toFetch({ topicId }, {}, { sessionId: 0, sessionEpoch: 0 }));
  await talk.ask(fetch, 17, toFetch({ topicId }, {}, { sessionId: 7, sessionEpoch: 1 }));
  await talk.ask(fetch, 17, toFetch({ topicId }, {}, { sessionId: 0, sessionEpoch: 1 }));

  await askFollowers(talk, topic, topicId);
  await askOffsets(talk, topic);
}

async function askFollowers(talk: Talk, topic: string, topicId: string): Promise<void> {
  talk.case('Fetch: as a follower');
  await talk.ask(fetch, 12, toFetch({ topic }, {}, { replicaId: 9 }));
  const state = (replicaId: number, replicaEpoch: number) => ({
    replicaState: { replicaId, replicaEpoch },
  });
  await talk.ask(fetch, 17, toFetch({ topicId }, {}, state(9, -1)));
  await talk.ask(fetch, 17, toFetch({ topicId }, {}, { ...state(3, -1) }), 2);
}

async function askOffsets(talk: Talk, topic: string): Promise<void> {
  const asking = (
    timestamp: number,
    more: { partition?: number; epoch?: number; name?: string; replicaId?: number } = {},
  ) => ({
    replicaId: more.replicaId ?? -1,
    isolationLevel: 0,
    timeoutMs: 5000,
    topics: [
      {
        name: more.name ?? topic,
        partitions: [
          {
            partitionIndex: more.partition ?? 0,
            currentLeaderEpoch: more.epoch ?? -1,
            timestamp,
          },
        ],
      },
    ],
  });
  talk.case('ListOffsets');
  for (let version = 1; version <= 10; version++) {
    for (const timestamp of [-1, -2, -3, -4, -5, -6]) {
      await talk.ask(listOffsets, version, asking(timestamp));
    }
  }
  for (const time of [0, TIME_MS, TIME_MS + 1, TIME_MS + 2, TIME_MS + 3]) {
    await talk.ask(listOffsets, 10, asking(time));
  }
  talk.case('ListOffsets: of the wrong place');
  for (const version of [1, 10]) {
    await talk.ask(listOffsets, version, asking(-1, { name: talk.topic('nowhere') }));
    await talk.ask(listOffsets, version, asking(-1, { partition: 7 }));
    await talk.ask(listOffsets, version, asking(-1), 2);
    await talk.ask(listOffsets, version, asking(-1, { replicaId: -2 }), 2);
    await talk.ask(listOffsets, version, asking(-1, { epoch: 5 }));
    await talk.ask(listOffsets, version, asking(-1, { epoch: 0 }));
  }
  const twice = asking(-1).topics[0]!;
  const partitions = [...twice.partitions, ...twice.partitions];
  await talk.ask(listOffsets, 10, { ...asking(-1), topics: [{ ...twice, partitions }] });

  talk.case('OffsetForLeaderEpoch');
  const epoch = (leaderEpoch: number, currentLeaderEpoch = -1, partition = 0, name = topic) => ({
    replicaId: -1,
    topics: [{ topic: name, partitions: [{ partition, currentLeaderEpoch, leaderEpoch }] }],
  });
  for (const version of [2, 3, 4]) {
    for (const asked of [0, 1, -1]) await talk.ask(offsetForLeaderEpoch, version, epoch(asked));
  }
  await talk.ask(offsetForLeaderEpoch, 4, epoch(0, 5));
  await talk.ask(offsetForLeaderEpoch, 4, epoch(0, -1, 7));
  await talk.ask(offsetForLeaderEpoch, 4, epoch(0, -1, 0, talk.topic('nowhere')));
  await talk.ask(offsetForLeaderEpoch, 4, epoch(0), 2);
}
