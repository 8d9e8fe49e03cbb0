/**
 * The cost of a member at the coordinator, from 2 to 200 members of a group: rebalances, heartbeats
 * and commits, without the network and the log.
 */
import { expect, test } from 'vitest';
import { readConfig } from '../../../engine/kafka/config.ts';
import type { CoordinatorResult } from '../../../engine/kafka/coordinator/coordinator-shard.ts';
import { groupCoordinatorSettings } from '../../../engine/kafka/group/group-coordinator-config.ts';
import { groupRecordCodec, type GroupRecord } from '../../../engine/kafka/group/group-record.ts';
import { GroupShard } from '../../../engine/kafka/group/group-shard.ts';
import { profileOf } from '../../../engine/kafka/profiles.ts';
import type { Ports } from '../../../engine/kernel/ports.ts';
import { randomStream } from '../../../engine/kernel/random.ts';
import {
  type JoinGroupResponse,
  joinGroupRequest,
} from '../../../engine/wire/kafka/messages/join-group.ts';
import { syncGroupRequest } from '../../../engine/wire/kafka/messages/sync-group.ts';
import { defaults } from '../../../engine/wire/kafka/schema.ts';

const PROTOCOLS = [{ name: 'range', metadata: new Uint8Array(40) }];
const SLICE = new Uint8Array(40);

/** A shard whose records are durable at once. */
class Line {
  /** Bytes of records, what they would take in the log. */
  bytes = 0;
  readonly members: JoinGroupResponse[] = [];
  readonly #timers = new Map<string, () => CoordinatorResult<unknown, unknown>>();
  readonly #shard: GroupShard;
  #offset = 0;

  constructor() {
    const clock = { now: () => 0, wall: () => 0, after: () => 0, cancel: () => undefined };
    const trace = { on: false, record: () => undefined };
    const random = (purpose: string) => randomStream(1, purpose);
    const ports = { clock, trace, random } as unknown as Ports;
    const config = readConfig(groupCoordinatorSettings, {}, profileOf('kafka-4.1'));
    const timer = {
      schedule: (
        key: string,
        _ms: number,
        _retries: boolean,
        operation: () => CoordinatorResult<unknown, unknown>,
      ) => void this.#timers.set(key, operation),
      cancel: (key: string) => void this.#timers.delete(key),
      has: (key: string) => this.#timers.has(key),
    };
    const committedOffset = (): number => this.#offset;
    this.#shard = new GroupShard(ports, config, { index: 0, timer, committedOffset });
  }

  #write(result: CoordinatorResult<unknown, unknown>): void {
    for (const record of result.records as readonly GroupRecord[]) {
      const { key, value } = groupRecordCodec.encode(record);
      this.bytes += key.length + (value?.length ?? 0);
      const context = { offset: this.#offset++, producerId: -1, producerEpoch: -1 };
      if (result.replays !== false) this.#shard.replay(record, context);
    }
    result.appended?.(0);
  }

  join(place: number): void {
    const memberId = this.members[place]?.memberId ?? '';
    const base = { groupId: 'g', sessionTimeoutMs: 10_000, protocolType: 'consumer' };
    const body = { ...defaults(joinGroupRequest), ...base, memberId, protocols: PROTOCOLS };
    const from = { apiVersion: 3, clientId: 'c', clientHost: '/h', body };
    const answer = (response: JoinGroupResponse): void => void (this.members[place] = response);
    this.#write(this.#shard.joins.join({ ...from, answer }));
  }

  /** The first members were waited for long enough. */
  endInitialDelay(): void {
    while (this.#shard.group('g')!.state === 'PreparingRebalance') {
      const operation = this.#timers.get('join-g')!;
      this.#timers.delete('join-g');
      this.#write(operation());
    }
  }

  sync(): number {
    let told = 0;
    for (const { memberId, members, generationId } of this.members) {
      const assignments = members.map((one) => ({ memberId: one.memberId, assignment: SLICE }));
      const of = { groupId: 'g', memberId, generationId, assignments };
      const body = { ...defaults(syncGroupRequest), ...of };
      this.#write(this.#shard.members.sync(body, ({ errorCode }) => (told += Number(!errorCode))));
    }
    return told;
  }

  beat(): number {
    let granted = 0;
    for (const { memberId, generationId } of this.members) {
      const of = { groupId: 'g', memberId, generationId, groupInstanceId: null };
      granted += Number(this.#shard.members.heartbeat(of).response === 0);
    }
    return granted;
  }

  commit(): void {
    for (const [place, { memberId, generationId }] of this.members.entries()) {
      const partition = {
        partitionIndex: place,
        committedOffset: 1,
        committedLeaderEpoch: -1,
        committedMetadata: null,
      };
      const of = { groupId: 'g', memberId, generationId, groupInstanceId: null };
      const topics = [{ name: 'pay', partitions: [partition] }];
      const rest = { retentionTimeMs: -1, apiVersion: 9, topics };
      this.#write(this.#shard.offsetRequests.commit({ ...of, ...rest }));
    }
  }
}

const MEMBERS_IN_ALL = 2_000;
const BEATS = 10;

/** Microseconds of the processor and bytes, a member and rebalance with heartbeats and a commit. */
function measure(size: number): { micros: number; bytes: number } {
  const line = new Line();
  // As many members in all, however large their groups are.
  const rebalances = MEMBERS_IN_ALL / size;
  let granted = 0;
  const began = process.cpuUsage();
  for (let turn = 0; turn < rebalances; turn++) {
    // The leader asks for a rebalance by joining again.
    for (let place = 0; place < size; place++) line.join(place);
    if (turn === 0) line.endInitialDelay();
    granted += line.sync();
    for (let beat = 0; beat < BEATS; beat++) granted += line.beat();
    line.commit();
  }
  const { user } = process.cpuUsage(began);
  expect(line.members[size - 1]!.generationId).toBe(rebalances);
  expect(granted).toBe(MEMBERS_IN_ALL * (BEATS + 1));
  return { micros: user / MEMBERS_IN_ALL, bytes: line.bytes / MEMBERS_IN_ALL };
}

test('kafka: group: a member costs the same in a group of 2 and of 200', () => {
  measure(200);
  const best = (size: number): ReturnType<typeof measure> =>
    Array.from({ length: 5 }, () => measure(size)).reduce((left, right) =>
      left.micros < right.micros ? left : right,
    );
  const rows = [2, 20, 200].map((size) => ({ size, ...best(size) }));
  for (const { size, micros, bytes } of rows) {
    const cost = `${micros.toFixed(1)} us, ${bytes.toFixed(0)} bytes a member and rebalance`;
    process.stdout.write(`${String(size).padStart(4)} members: ${cost}\n`);
  }
  const [few, , many] = rows;
  expect(many!.micros).toBeLessThan(few!.micros * 2 + 5);
  expect(many!.bytes).toBeLessThan(few!.bytes + 1);
});
