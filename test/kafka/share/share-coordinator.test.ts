/**
 * The share coordinator by its APIs: what it keeps, whom it fences, and what a snapshot says; and
 * the combination of batches that a state is made of.
 */
import { describe, expect, test } from 'vitest';
import { combinedBatches } from '#engine/kafka/share/state-batches.ts';
import { ErrorCode } from '#engine/wire/kafka/errors.ts';
import {
  type FindCoordinatorResponse,
  findCoordinator,
  findCoordinatorRequest,
} from '#engine/wire/kafka/messages/find-coordinator.ts';
import {
  deleteShareGroupState,
  initializeShareGroupState,
  readShareGroupState,
  readShareGroupStateSummary,
  writeShareGroupState,
} from '#engine/wire/kafka/messages/share-group-state.ts';
import { defaults } from '#engine/wire/kafka/schema.ts';
import { ZERO_UUID } from '#engine/bytes/base64url.ts';
import { RawShare } from './raw-share.ts';

const AVAILABLE = 0;
const ACKNOWLEDGED = 2;
const batch = (firstOffset: number, lastOffset: number, deliveryState = 0, deliveryCount = 1) => {
  return { firstOffset, lastOffset, deliveryState, deliveryCount };
};

class RawStates {
  readonly rig: RawShare;
  readonly coordinator: number;

  constructor(settings: Readonly<Record<string, string>> = {}) {
    this.rig = new RawShare(settings);
    this.rig.initialize(5, 'other');
    this.coordinator = this.find();
  }

  /** The broker that FindCoordinator names for key type 2. */
  find(key = `g:${this.rig.topicId}:0`): number {
    const body = { ...defaults(findCoordinatorRequest), keyType: 2, coordinatorKeys: [key] };
    const found: FindCoordinatorResponse = this.rig.client.ask(1, findCoordinator, body);
    const { nodeId = 0, errorCode = 0 } = found.coordinators[0] ?? {};
    return errorCode === 0 ? nodeId : -errorCode;
  }

  #asked<T extends object>(of: T, topicId = this.rig.topicId, partition = 0) {
    return { groupId: 'g', topics: [{ topicId, partitions: [{ partition, ...of }] }] };
  }

  initialize(stateEpoch: number, startOffset: number, topicId = this.rig.topicId): number {
    const body = this.#asked({ stateEpoch, startOffset }, topicId);
    const answer = this.rig.client.ask(this.coordinator, initializeShareGroupState, body);
    return answer.results[0]?.partitions[0]?.errorCode ?? -1;
  }

  read(leaderEpoch: number) {
    const body = this.#asked({ leaderEpoch });
    const answer = this.rig.client.ask(this.coordinator, readShareGroupState, body);
    return answer.results[0]!.partitions[0]!;
  }

  write(leaderEpoch: number, stateEpoch: number, stateBatches: ReturnType<typeof batch>[]): number {
    const body = this.#asked({ leaderEpoch, stateEpoch, startOffset: -1, stateBatches });
    const answer = this.rig.client.ask(this.coordinator, writeShareGroupState, body);
    return answer.results[0]?.partitions[0]?.errorCode ?? -1;
  }

  summary() {
    const body = this.#asked({ leaderEpoch: 0 });
    const answer = this.rig.client.ask(this.coordinator, readShareGroupStateSummary, body);
    return answer.results[0]!.partitions[0]!;
  }

  delete(): number {
    const answer = this.rig.client.ask(this.coordinator, deleteShareGroupState, this.#asked({}));
    return answer.results[0]?.partitions[0]?.errorCode ?? -1;
  }
}

describe('kafka: share coordinator', () => {
  test('a state is there once it is initialized, and gone once it is deleted', () => {
    const states = new RawStates();
    expect(states.read(0).errorCode).toBe(ErrorCode.INVALID_REQUEST);
    expect(states.write(0, 0, [])).toBe(ErrorCode.INVALID_REQUEST);
    expect(states.summary()).toMatchObject({ errorCode: 0, startOffset: -1 });
    expect(states.initialize(1, 7)).toBe(ErrorCode.NONE);
    expect(states.read(0)).toMatchObject({ errorCode: 0, stateEpoch: 1, startOffset: 7 });
    expect(states.summary()).toMatchObject({ stateEpoch: 1, startOffset: 7, leaderEpoch: 0 });
    expect(states.delete()).toBe(ErrorCode.NONE);
    expect(states.read(0).errorCode).toBe(ErrorCode.INVALID_REQUEST);
    expect(states.delete()).toBe(ErrorCode.NONE);
  });

  test('an older leader and an older state are fenced', () => {
    const states = new RawStates();
    states.initialize(3, 0);
    expect(states.read(4).errorCode).toBe(ErrorCode.NONE);
    expect(states.read(3).errorCode).toBe(ErrorCode.FENCED_LEADER_EPOCH);
    expect(states.write(3, 3, [])).toBe(ErrorCode.FENCED_LEADER_EPOCH);
    expect(states.write(4, 2, [])).toBe(ErrorCode.FENCED_STATE_EPOCH);
    expect(states.initialize(2, 0)).toBe(ErrorCode.FENCED_STATE_EPOCH);
    expect(states.write(4, 3, [batch(0, 2, ACKNOWLEDGED)])).toBe(ErrorCode.NONE);
  });

  test('a topic that is not there has no state; who is not the coordinator says so', () => {
    const states = new RawStates();
    expect(states.initialize(0, 0, ZERO_UUID)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(states.find('no-key')).toBe(-ErrorCode.INVALID_REQUEST);
    const other = new RawStates();
    Object.assign(other, { coordinator: (other.coordinator % 3) + 1 });
    expect(other.initialize(0, 0)).toBe(ErrorCode.NOT_COORDINATOR);
  });

  test.each([0, 1, 2, 500])(
    'a snapshot after every %i updates: the next coordinator knows the same',
    (updates) => {
      const name = 'share.coordinator.snapshot.update.records.per.snapshot';
      const states = new RawStates({ [name]: String(updates) });
      states.initialize(0, 0);
      for (let offset = 0; offset < 5; offset++) {
        const state = offset % 2 === 0 ? ACKNOWLEDGED : AVAILABLE;
        expect(states.write(0, 0, [batch(offset, offset, state)])).toBe(ErrorCode.NONE);
      }
      const before = states.read(0).stateBatches;
      expect(before.length).toBe(5);
      states.rig.cluster.inject({ fault: 'crash', host: `broker-${states.coordinator}` });
      states.rig.cluster.sleep(12);
      if (states.coordinator !== 1) Object.assign(states, { coordinator: states.find() });
      else {
        states.rig.cluster.inject({ fault: 'start', host: 'broker-1' });
        states.rig.cluster.sleep(5);
        Object.assign(states, { coordinator: states.find() });
      }
      states.rig.cluster.sleep(1);
      expect(states.read(0).stateBatches).toEqual(before);
    },
  );

  test('later batches lie over earlier ones, and equal neighbours are one', () => {
    expect(combinedBatches([batch(0, 9)], [batch(3, 5, ACKNOWLEDGED)], 0)).toEqual([
      batch(0, 2),
      batch(3, 5, ACKNOWLEDGED),
      batch(6, 9),
    ]);
    expect(combinedBatches([batch(0, 4), batch(5, 9)], [], 2)).toEqual([batch(2, 9)]);
    expect(combinedBatches([batch(0, 4)], [batch(0, 4, AVAILABLE, 2)], 0)).toEqual([
      batch(0, 4, AVAILABLE, 2),
    ]);
    expect(combinedBatches([batch(0, 4)], [], 5)).toEqual([]);
  });
});
