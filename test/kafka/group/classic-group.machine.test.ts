/**
 * Each state and each transition of the machines of groups and coordinators, played on a broker in
 * the simulated world: the shortest path to a state, and then each event that it names.
 */
import { describe, expect, test } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { getShortestPaths, toDirectedGraph } from 'xstate/graph';
import { coordinatorMachine } from '../../../engine/kafka/coordinator/coordinator.machine.ts';
import {
  type ClassicGroupEvent,
  classicGroupMachine,
} from '../../../engine/kafka/group/classic-group.machine.ts';
import {
  type AlterPartitionReassignmentsRequest,
  alterPartitionReassignments,
} from '#engine/wire/kafka/messages/alter-partition-reassignments.ts';
import { deleteGroups } from '../../../engine/wire/kafka/messages/delete-groups.ts';
import { RawGroups, type RawMember } from './raw-group.ts';

/** `from --event--> to`, with the guard's outcome where an event leads to several states. */
function edgesOf(machine: AnyStateMachine): string[] {
  return toDirectedGraph(machine)
    .children.flatMap(({ edges }) => edges)
    .map(({ source, target, label }) => `${source.key} --${label.text}--> ${target.key}`)
    .sort();
}

/** The same of a trace: what was visited. */
function visited(rig: RawGroups, machine: string): Set<string> {
  const edges = new Set<string>();
  for (const entry of rig.cluster.world.trace.entries()) {
    const data = entry.data as Readonly<Record<string, string>>;
    if (entry.kind !== 'machine' || data['machine'] !== machine || data['event'] === 'start') {
      continue;
    }
    edges.add(`${data['from']} --${data['event']}--> ${data['to']}`);
  }
  return edges;
}

/** What a client does to a group so that its machine gets an event. */
class Player {
  readonly rig = new RawGroups();
  #member: RawMember | null = null;
  #members = 0;

  play(event: ClassicGroupEvent): void {
    const state = this.rig.state();
    switch (event.type) {
      case 'PREPARE_REBALANCE':
        this.#prepare(state);
        break;
      case 'COMPLETE_JOIN':
        this.#complete(event.members);
        break;
      case 'ASSIGNED':
        this.#member!.sync();
        this.rig.until('Stable');
        break;
      case 'RESTORED':
        this.#restore();
        break;
      case 'REMOVED':
        this.#remove(state);
        break;
    }
  }

  #prepare(state: string): void {
    if (state === 'none' || state === 'Empty') {
      this.#member = this.rig.member(`m-${++this.#members}`);
      this.#member.identify();
      this.#member.join();
    } else {
      const other = this.rig.member(`m-${++this.#members}`);
      other.identify();
      other.join();
    }
    this.rig.until('PreparingRebalance');
  }

  #complete(members: number): void {
    if (members === 0) {
      this.rig.member('admin').leaveAs(this.#member!.memberId);
      this.rig.until('Empty');
      return;
    }
    if (this.#members > 1) this.#member!.join();
    this.rig.until('CompletingRebalance');
    this.rig.cluster.until('told', () => this.#member!.joined !== null);
  }

  /** A group with members, found in the log by a broker that has just started. */
  #restore(): void {
    this.#prepare('none');
    this.#complete(1);
    this.#member!.sync();
    this.rig.until('Stable');
    const host = `broker-${this.rig.coordinator()}`;
    this.rig.cluster.inject({ fault: 'crash', host });
    this.rig.cluster.inject({ fault: 'start', host });
    this.rig.coordinator();
    this.rig.until('Stable');
  }

  #remove(state: string): void {
    const { rig } = this;
    const coordinator = rig.coordinator();
    if (state === 'none') rig.member('first').identify();
    if (state === 'none' || state === 'Empty') {
      rig.cluster.sleep(11);
      rig.client.ask(coordinator, deleteGroups, { groupsNames: ['g'] });
      return;
    }
    const replicas = rig.cluster.brokerIds.filter((id) => id !== coordinator);
    const partitions = [{ partitionIndex: 0, replicas }];
    const topics = [{ name: '__consumer_offsets', partitions }];
    const body: AlterPartitionReassignmentsRequest = { timeoutMs: 5_000, topics };
    rig.client.ask(coordinator, alterPartitionReassignments, body);
    rig.cluster.until('another coordinates', () => !rig.isLoaded(coordinator), 30);
  }
}

const EVENTS: readonly ClassicGroupEvent[] = [
  { type: 'PREPARE_REBALANCE' },
  { type: 'COMPLETE_JOIN', members: 1 },
  { type: 'COMPLETE_JOIN', members: 0 },
  { type: 'ASSIGNED' },
  { type: 'RESTORED' },
  { type: 'REMOVED' },
];

/** Each state by its shortest path, and then each event that it names. */
function walks(): ClassicGroupEvent[][] {
  const found: ClassicGroupEvent[][] = [];
  for (const { state, steps } of getShortestPaths(classicGroupMachine, {
    events: EVENTS as never,
  })) {
    const path = steps.map(({ event }) => event as ClassicGroupEvent).filter(isOurs);
    const named = EVENTS.filter((event) => state.can(event));
    if (named.length === 0) found.push(path);
    for (const event of named) found.push([...path, event]);
  }
  return found;
}

const isOurs = ({ type }: { readonly type: string }): boolean => !type.startsWith('xstate.');
const nameOf = (walk: readonly ClassicGroupEvent[]): string =>
  walk.map((event) => event.type + ('members' in event ? ` ${event.members}` : '')).join(', ');

describe('kafka: classic group: machine', () => {
  const seen = new Set<string>();

  test.each(walks().map((walk) => [nameOf(walk), walk] as const))(
    'kafka: classic group: machine: %s',
    (_name, walk) => {
      const player = new Player();
      player.rig.coordinator();
      for (const event of walk) player.play(event);
      const edges = visited(player.rig, 'classic-group');
      for (const edge of edges) seen.add(edge);
      expect(edges.size).toBeGreaterThan(0);
    },
  );

  test('kafka: classic group: machine: every transition was visited, and no other', () => {
    expect([...seen].sort()).toEqual([...new Set(edgesOf(classicGroupMachine))]);
  });
});

describe('kafka: coordinator: machine', () => {
  const LOG = 'data/__consumer_offsets-0/00000000000000000000.log';
  /** Where the magic number of the first batch stands: a flipped bit makes the log unreadable. */
  const MAGIC_AT = 16;
  const INITIAL_UNLOAD = 'INITIAL --UNLOAD--> CLOSED';
  const replica = (rig: RawGroups, id: number) => rig.cluster.replica(id, '__consumer_offsets')!;
  const others = (rig: RawGroups, id: number) => rig.cluster.brokerIds.filter((one) => one !== id);

  function started(): { rig: RawGroups; leader: number; next: number; last: number } {
    const rig = new RawGroups();
    const [one] = rig.stable(['one'], { sessionTimeoutMs: 1_000_000 });
    const leader = rig.coordinator();
    for (let offset = 0; offset < 5; offset++) one!.commit(offset);
    const [next, last] = others(rig, leader);
    return { rig, leader, next: next!, last: last! };
  }

  const seen = new Set<string>();
  const note = (rig: RawGroups): void => {
    for (const edge of visited(rig, 'coordinator')) seen.add(edge);
  };
  const visits = (rig: RawGroups, edge: string): boolean => visited(rig, 'coordinator').has(edge);

  test('kafka: coordinator: machine: loaded, and dropped when another leads', () => {
    const { rig, leader } = started();
    const host = `broker-${leader}`;
    rig.cluster.inject({ fault: 'isolate', host });
    rig.cluster.until('another loads', () => others(rig, leader).some((id) => rig.isLoaded(id)));
    rig.cluster.inject({ fault: 'heal' });
    rig.cluster.until('it has heard', () => !rig.isLoaded(leader));
    note(rig);
  });

  test('kafka: coordinator: machine: loading waits for replicas, and ends with the office', () => {
    const { rig, leader, next, last } = started();
    expect(replica(rig, next).hw).toBeLessThan(replica(rig, next).leo);
    rig.cluster.inject({ fault: 'crash', host: `broker-${leader}` });
    // Shortly before the election, so that it is in sync then.
    rig.cluster.sleep(8);
    rig.cluster.inject({ fault: 'pause', host: `broker-${last}` });
    rig.cluster.until('the next one leads', () => replica(rig, next).role === 'leader');
    rig.cluster.sleep(1);
    // What was acknowledged may be above what it knows to be on all replicas.
    expect(rig.isLoaded(next)).toBe(false);
    rig.cluster.inject({ fault: 'isolate', host: `broker-${next}` });
    rig.cluster.inject({ fault: 'resume', host: `broker-${last}` });
    rig.cluster.until('the last one leads', () => rig.isLoaded(last), 120);
    rig.cluster.inject({ fault: 'heal' });
    rig.cluster.until('it has heard', () => replica(rig, next).role !== 'leader', 120);
    note(rig);
  });

  test('kafka: coordinator: machine: an unreadable log is read again when elected anew', () => {
    const { rig, leader, next, last } = started();
    const host = `broker-${next}`;
    rig.cluster.inject({ fault: 'bit-rot', host, path: LOG, position: MAGIC_AT, bit: 0 });
    rig.cluster.inject({ fault: 'crash', host: `broker-${leader}` });
    rig.cluster.until('it fails', () => visits(rig, 'LOADING --LOAD_FAILED--> FAILED'), 60);
    expect(rig.isLoaded(next)).toBe(false);
    rig.cluster.inject({ fault: 'bit-rot', host, path: LOG, position: MAGIC_AT, bit: 0 });
    // Its next epoch begins when it is elected again, having led before.
    rig.cluster.inject({ fault: 'crash', host: `broker-${last}` });
    rig.cluster.sleep(15);
    rig.cluster.inject({ fault: 'isolate', host });
    rig.cluster.sleep(15);
    rig.cluster.inject({ fault: 'heal' });
    rig.cluster.until('it is read', () => rig.isLoaded(next), 120);
    note(rig);
  });

  test('kafka: coordinator: machine: a shard that was not read is dropped, too', () => {
    const { rig, leader, next, last } = started();
    const host = `broker-${next}`;
    rig.cluster.inject({ fault: 'bit-rot', host, path: LOG, position: MAGIC_AT, bit: 0 });
    rig.cluster.inject({ fault: 'crash', host: `broker-${leader}` });
    rig.cluster.until('it fails', () => visits(rig, 'LOADING --LOAD_FAILED--> FAILED'), 60);
    rig.cluster.inject({ fault: 'isolate', host });
    rig.cluster.until('the last one leads', () => rig.isLoaded(last), 120);
    rig.cluster.inject({ fault: 'heal' });
    rig.cluster.until('it has heard', () => replica(rig, next).role !== 'leader', 120);
    note(rig);
  });

  test('kafka: coordinator: machine: every transition was visited but one', () => {
    // A shard is loaded in the very event in which it is made.
    const all = edgesOf(coordinatorMachine).filter((edge) => edge !== INITIAL_UNLOAD);
    expect([...seen].sort()).toEqual(all);
  });
});
