/** Operations that wait for their partitions, and requests that wait for each other. */
import { describe, expect, test } from 'vitest';
import { type DelayedOperation, Purgatory } from '../../../engine/kafka/broker/purgatory.ts';
import type { Clock, TimerId } from '../../../engine/kernel/ports.ts';
import { millis, micros } from '../../../engine/kernel/units.ts';
import { fetch, fetchRequest } from '../../../engine/wire/kafka/messages/fetch.ts';
import { metadata } from '../../../engine/wire/kafka/messages/metadata.ts';
import { defaults } from '../../../engine/wire/kafka/schema.ts';
import { ZERO_UUID } from '../../../engine/bytes/base64url.ts';
import { Cluster } from '../cluster.ts';
import { RawClient } from './raw-client.ts';

/** A clock whose timers a test fires itself. */
function handClock() {
  const timers = new Map<number, () => void>();
  let next = 1;
  const clock: Clock = {
    now: () => micros(0),
    wall: () => millis(0),
    after: (_delay, _label, fire) => {
      timers.set(next, fire);
      return next++ as TimerId;
    },
    cancel: (timer) => {
      timers.delete(timer);
    },
  };
  return { clock, timers };
}

function operation(isReady: () => boolean) {
  const made = { completed: 0 };
  const delayed: DelayedOperation = {
    tryComplete: isReady,
    complete: () => {
      made.completed += 1;
    },
  };
  return { made, delayed };
}

describe('kafka: purgatory', () => {
  test('kafka: purgatory: what is ready is completed at once and never waits', () => {
    const { clock, timers } = handClock();
    const purgatory = new Purgatory(clock, 'test');
    const { made, delayed } = operation(() => true);
    purgatory.tryCompleteElseWatch(delayed, ['pay-0'], 100);
    expect([made.completed, purgatory.size, timers.size]).toEqual([1, 0, 0]);
  });

  test('kafka: purgatory: progress of any of its partitions completes an operation once', () => {
    const { clock, timers } = handClock();
    const purgatory = new Purgatory(clock, 'test');
    let ready = false;
    const { made, delayed } = operation(() => ready);
    purgatory.tryCompleteElseWatch(delayed, ['pay-0', 'pay-1'], 100);
    purgatory.check('pay-1');
    expect([made.completed, purgatory.size]).toEqual([0, 1]);
    ready = true;
    purgatory.check('pay-1');
    purgatory.check('pay-0');
    expect([made.completed, purgatory.size, timers.size]).toEqual([1, 0, 0]);
  });

  test('kafka: purgatory: when its time is over an operation is completed as it is', () => {
    const { clock, timers } = handClock();
    const purgatory = new Purgatory(clock, 'test');
    const { made, delayed } = operation(() => false);
    purgatory.tryCompleteElseWatch(delayed, ['pay-0'], 100);
    for (const fire of [...timers.values()]) fire();
    purgatory.check('pay-0');
    expect([made.completed, purgatory.size]).toEqual([1, 0]);
  });

  test('kafka: purgatory: completing one may bring the next for the same partition', () => {
    const { clock } = handClock();
    const purgatory = new Purgatory(clock, 'test');
    let ready = false;
    const second = operation(() => false);
    const first: DelayedOperation = {
      tryComplete: () => ready,
      complete: () => purgatory.tryCompleteElseWatch(second.delayed, ['pay-0'], 100),
    };
    purgatory.tryCompleteElseWatch(first, ['pay-0'], 100);
    const third = operation(() => ready);
    purgatory.tryCompleteElseWatch(third.delayed, ['pay-0'], 100);
    ready = true;
    purgatory.check('pay-0');
    expect([second.made.completed, third.made.completed, purgatory.size]).toEqual([0, 1, 1]);
  });
});

describe('kafka: socket server', () => {
  test('kafka: socket server: K18: a request behind a long poll waits for its turn', () => {
    const cluster = new Cluster();
    cluster.running();
    const assignments = [[1, 2, 3]];
    cluster.createTopic({ name: 'pay', numPartitions: 1, replicationFactor: 3, assignments });
    const client = new RawClient(cluster);
    const { topicId } = [...cluster.broker(1)!.partitions][0]!;
    const partition = { currentLeaderEpoch: -1, fetchOffset: 0, lastFetchedEpoch: -1 };
    const rest = { logStartOffset: -1, partitionMaxBytes: 1000, replicaDirectoryId: ZERO_UUID };
    const topics = [{ topic: '', topicId, partitions: [{ partition: 0, ...partition, ...rest }] }];
    const body = { ...defaults(fetchRequest), maxWaitMs: 3000, minBytes: 1, topics };
    const answers: string[] = [];
    client.send(1, fetch, body, () => answers.push('fetch'));
    const all = {
      topics: null,
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    };
    client.send(1, metadata, all, () => answers.push('metadata'));
    cluster.sleep(2);
    expect(answers).toEqual([]);
    cluster.sleep(2);
    expect(answers).toEqual(['fetch', 'metadata']);
  });
});
