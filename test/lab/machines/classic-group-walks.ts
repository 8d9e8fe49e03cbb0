/**
 * A group of the classic protocol, played on a broker in the simulated world through every path of
 * its machine: each state by its shortest path, and then each event that it names.
 */
import { getShortestPaths } from 'xstate/graph';
import {
  type ClassicGroupEvent,
  classicGroupMachine,
} from '../../../engine/kafka/group/classic-group.machine.ts';
import type { World } from '../../../engine/sim/world.ts';
import {
  type AlterPartitionReassignmentsRequest,
  alterPartitionReassignments,
} from '#engine/wire/kafka/messages/alter-partition-reassignments.ts';
import { deleteGroups } from '../../../engine/wire/kafka/messages/delete-groups.ts';
import { RawGroups, type RawMember } from '../../kafka/group/raw-group.ts';

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
    const body: AlterPartitionReassignmentsRequest = {
      ...{ timeoutMs: 5_000, allowReplicationFactorChange: true, topics },
    };
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

function played(walk: readonly ClassicGroupEvent[]): World {
  const player = new Player();
  player.rig.coordinator();
  for (const event of walk) player.play(event);
  return player.rig.cluster.world;
}

export const classicGroupScenes = walks().map((walk) => () => played(walk));
