/**
 * The invariants of groups: each has an assertion in the engine, and a checker that stays silent
 * under random faults and turns red when a coordinator tells what it must not.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ZERO_UUID } from '../../engine/bytes/base64url.ts';
import { GroupChecks, type GroupInvariant } from '../../engine/lab/check/kafka/group-checks.ts';
import type { SimEndpoint } from '../../engine/sim/endpoint.ts';
import type { Api } from '../../engine/wire/kafka/api.ts';
import { encodeAssignment, encodeSubscription } from '../../engine/wire/kafka/consumer-protocol.ts';
import { heartbeat } from '../../engine/wire/kafka/messages/heartbeat.ts';
import { type JoinGroupResponse, joinGroup } from '../../engine/wire/kafka/messages/join-group.ts';
import { offsetCommit } from '../../engine/wire/kafka/messages/offset-commit.ts';
import { offsetFetch } from '../../engine/wire/kafka/messages/offset-fetch.ts';
import { syncGroup } from '../../engine/wire/kafka/messages/sync-group.ts';
import { type DataOf, type Struct, defaults } from '../../engine/wire/kafka/schema.ts';
import { wildGroups } from './group-cluster.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const ASSERTED: Readonly<Record<string, readonly [file: string, text: string]>> = {
  K30: ['engine/kafka/group/member-requests.ts', "'K30: a member'"],
  K31: [
    'engine/kafka/client/consumer/group/consumer-coordinator.ts',
    "'K31: a partition goes to one member'",
  ],
  K32: ['engine/kafka/group/classic-group.ts', "'K32: generations grow'"],
  K33: ['engine/kafka/coordinator/coordinator-runtime.ts', "'K33: only what is in the log"],
};

/** Feeds a checker with messages as if they had passed on a wire. */
class Wire {
  readonly checks = new GroupChecks();
  #correlation = 0;

  ask<Q extends Struct, R extends Struct>(
    api: Api<Q, R>,
    request: Partial<DataOf<Q>>,
    response: Partial<DataOf<R>>,
    version = 7,
  ): void {
    this.answer(this.send(api, request, version), api, response, version);
  }

  send<Q extends Struct>(api: Api<Q>, request: Partial<DataOf<Q>>, version = 7): number {
    const correlationId = ++this.#correlation;
    const endpoint = this.#endpoint(correlationId);
    const body = { ...defaults(api.request), groupId: 'g', ...request };
    const frame = { apiKey: api.key, apiVersion: version, correlationId, clientId: 'c', body };
    this.checks.sent(endpoint, { kind: 'request', ...frame });
    return correlationId;
  }

  answer<R extends Struct>(
    correlationId: number,
    api: Api<Struct, R>,
    response: Partial<DataOf<R>>,
    version = 7,
  ): void {
    const body = { ...defaults(api.response), ...response };
    const frame = { apiKey: api.key, apiVersion: version, correlationId, body };
    this.checks.sent(this.#endpoint(correlationId), { kind: 'response', ...frame });
  }

  #endpoint(id: number): SimEndpoint {
    const host = { name: 'broker-1', incarnation: 1, process: null };
    return { id, host } as unknown as SimEndpoint;
  }

  joined(memberId: string, generationId: number, over: Partial<JoinGroupResponse> = {}): void {
    const members = over.members ?? [];
    const base = { memberId, generationId, leader: 'a', protocolName: 'range', members };
    this.ask(joinGroup, { memberId }, { ...base, ...over });
  }

  synced(memberId: string, generationId: number, assignment: Uint8Array): void {
    this.ask(syncGroup, { memberId, generationId }, { assignment }, 5);
  }

  commit(offset: number, memberId = 'a', generation = 1): number {
    const partition = {
      partitionIndex: 0,
      committedOffset: offset,
      committedLeaderEpoch: -1,
      commitTimestamp: -1,
      committedMetadata: '',
    };
    const topics = [{ name: 'pay', topicId: ZERO_UUID, partitions: [partition] }];
    const of = { memberId, generationIdOrMemberEpoch: generation, topics };
    return this.send(offsetCommit, of);
  }

  committed(correlation: number, errorCode = 0): void {
    const partitions = [{ partitionIndex: 0, errorCode }];
    const topics = [{ name: 'pay', topicId: ZERO_UUID, partitions }];
    this.answer(correlation, offsetCommit, { topics });
  }

  fetched(committedOffset: number): void {
    const base = { partitionIndex: 0, committedLeaderEpoch: -1, metadata: '', errorCode: 0 };
    const topics = [{ name: 'pay', partitions: [{ ...base, committedOffset }] }];
    this.ask(offsetFetch, {}, { topics });
  }

  take(id: GroupInvariant): string | null {
    return this.checks.take(id);
  }
}

const slice = (...partitions: number[]): Uint8Array =>
  encodeAssignment({ assignedPartitions: [{ topic: 'pay', partitions }], userData: null });

function member(memberId: string, ...owned: number[]) {
  const ownedPartitions = owned.length === 0 ? [] : [{ topic: 'pay', partitions: owned }];
  const base = { topics: ['pay'], userData: null, generationId: 1, rackId: null };
  const metadata = encodeSubscription({ ...base, ownedPartitions });
  return { memberId, groupInstanceId: null, metadata };
}

describe('invariants of groups', () => {
  test.each(Object.entries(ASSERTED))('%s is asserted in the engine', (_id, [file, text]) => {
    expect(readFileSync(`${ROOT}${file}`, 'utf8')).toContain(text);
  });

  test('K30 turns red when an old generation is granted something', () => {
    const wire = new Wire();
    wire.joined('a', 1);
    wire.ask(heartbeat, { memberId: 'a', generationId: 1 }, { errorCode: 0 }, 4);
    wire.joined('a', 2);
    expect(wire.take('K30')).toBeNull();
    wire.ask(heartbeat, { memberId: 'a', generationId: 1 }, { errorCode: 22 }, 4);
    expect(wire.take('K30')).toBeNull();
    wire.ask(heartbeat, { memberId: 'a', generationId: 1 }, { errorCode: 0 }, 4);
    expect(wire.take('K30')).toContain('the Heartbeat of a in generation 1');
    wire.committed(wire.commit(5, 'a', 1));
    expect(wire.take('K30')).toContain('the OffsetCommit of a');
  });

  test('K30 lets pass what was sent before the new generation was told', () => {
    const wire = new Wire();
    wire.joined('a', 1);
    const commit = wire.commit(5, 'a', 1);
    wire.joined('b', 2);
    wire.committed(commit);
    expect(wire.take('K30')).toBeNull();
  });

  test('K30 turns red when a static member that was replaced is granted something', () => {
    const wire = new Wire();
    const groupInstanceId = 'one';
    const answer = { generationId: 1, leader: 'a', protocolName: 'range' };
    wire.ask(joinGroup, { groupInstanceId }, { ...answer, memberId: 'a' });
    wire.ask(joinGroup, { groupInstanceId }, { ...answer, memberId: 'b' });
    const old = { memberId: 'a', generationId: 1, groupInstanceId };
    wire.ask(heartbeat, old, { errorCode: 82 }, 4);
    expect(wire.take('K30')).toBeNull();
    wire.ask(heartbeat, old, { errorCode: 0 }, 4);
    expect(wire.take('K30')).toContain('b has its place');
  });

  test('K31 turns red when a partition has two owners in a generation', () => {
    const wire = new Wire();
    wire.joined('a', 1, { members: [member('a'), member('b')] });
    const assignments = [
      { memberId: 'a', assignment: slice(0, 1) },
      { memberId: 'b', assignment: slice(1) },
    ];
    wire.send(syncGroup, { memberId: 'a', generationId: 1, assignments }, 5);
    wire.synced('a', 1, slice(0, 1));
    expect(wire.take('K31')).toBeNull();
    wire.synced('b', 1, slice(1));
    expect(wire.take('K31')).toContain('pay-1 belongs to a and b');
  });

  test('K31 turns red when a cooperative group gives away what another still has', () => {
    const wire = new Wire();
    const protocolName = 'cooperative-sticky';
    wire.joined('a', 2, { protocolName, members: [member('a', 0), member('b', 1)] });
    const assignments = [
      { memberId: 'a', assignment: slice(0) },
      { memberId: 'b', assignment: slice(1) },
    ];
    wire.send(syncGroup, { memberId: 'a', generationId: 2, assignments }, 5);
    wire.synced('a', 2, slice(0));
    wire.synced('b', 2, slice(1));
    expect(wire.take('K31')).toBeNull();
    wire.joined('a', 3, { protocolName, members: [member('a', 0), member('b', 1)] });
    const moved = [{ memberId: 'a', assignment: slice(0, 1) }];
    wire.send(syncGroup, { memberId: 'a', generationId: 3, assignments: moved }, 5);
    wire.synced('a', 3, slice(0, 1));
    expect(wire.take('K31')).toContain('pay-1 was given to a while b still had it');
  });

  test('K32 turns red when generations go back, have two leaders, or two assignments', () => {
    const wire = new Wire();
    wire.joined('a', 2, { members: [member('a')] });
    expect(wire.take('K32')).toBeNull();
    wire.joined('b', 2, { leader: 'b', members: [member('b')] });
    expect(wire.take('K32')).toContain('a and b lead generation 2');
    wire.joined('a', 1);
    expect(wire.take('K32')).toContain('generation 1 began after 2');
    const offer = (...bytes: Uint8Array[]) => ({
      assignments: bytes.map((assignment, at) => ({ memberId: 'ab'[at]!, assignment })),
    });
    wire.send(syncGroup, { memberId: 'a', generationId: 2, ...offer(slice(0), slice(1)) }, 5);
    wire.send(syncGroup, { memberId: 'b', generationId: 2, ...offer(slice(2), slice(3)) }, 5);
    wire.synced('a', 2, slice(0));
    expect(wire.take('K32')).toBeNull();
    wire.synced('b', 2, slice(3));
    expect(wire.take('K32')).toContain('b got a slice of no assignment');
  });

  test('K33 turns red when something else is read than was committed', () => {
    const wire = new Wire();
    wire.fetched(-1);
    wire.committed(wire.commit(5));
    wire.fetched(5);
    expect(wire.take('K33')).toBeNull();
    const late = wire.commit(7);
    wire.fetched(5);
    wire.fetched(7);
    expect(wire.take('K33')).toBeNull();
    wire.committed(late);
    wire.fetched(5);
    expect(wire.take('K33')).toContain('5 was read of pay-0, 7 was committed');
    wire.fetched(-1);
    expect(wire.take('K33')).not.toBeNull();
  });
});

describe('groups under random faults', () => {
  test.each([1, 2, 3, 4, 5, 6])('seed %i breaks no invariant', (seed) => {
    const run = wildGroups(seed).finish();
    expect(run.violations).toEqual([]);
    expect(run.world.failure).toBeNull();
  });
});
