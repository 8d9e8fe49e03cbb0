/**
 * Scenes in the simulated world in which a coordinator's shard is loaded, fails to load and is
 * dropped, as brokers are elected for its partition and lose it.
 */
import type { World } from '../../../engine/sim/world.ts';
import { RawGroups } from '../../kafka/group/raw-group.ts';

const LOG = 'data/__consumer_offsets-0/00000000000000000000.log';
/** Where the magic number of the first batch stands: a flipped bit makes the log unreadable. */
const MAGIC_AT = 16;

/** A group with commits, its coordinator, and who is elected after it, in this order. */
export class CoordinatorRig {
  readonly rig = new RawGroups();
  readonly leader: number;
  readonly next: number;
  readonly last: number;

  constructor() {
    const { rig } = this;
    const [one] = rig.stable(['one'], { sessionTimeoutMs: 1_000_000 });
    this.leader = rig.coordinator();
    for (let offset = 0; offset < 5; offset++) one!.commit(offset);
    const [next, last] = this.others(this.leader);
    this.next = next!;
    this.last = last!;
  }

  get world(): World {
    return this.rig.cluster.world;
  }

  others(id: number): readonly number[] {
    return this.rig.cluster.brokerIds.filter((one) => one !== id);
  }

  replica(id: number) {
    return this.rig.cluster.replica(id, '__consumer_offsets')!;
  }

  inject(fault: 'crash' | 'pause' | 'resume' | 'isolate', id: number): void {
    this.rig.cluster.inject({ fault, host: `broker-${id}` });
  }

  rot(id: number): void {
    const at = { path: LOG, position: MAGIC_AT, bit: 0 };
    this.rig.cluster.inject({ fault: 'bit-rot', host: `broker-${id}`, ...at });
  }

  /** The next coordinator cannot read the log. */
  failsToLoad(): void {
    this.rot(this.next);
    this.inject('crash', this.leader);
    this.until('it fails', () => this.#visits('LOAD_FAILED'), 60);
  }

  heal(): void {
    this.rig.cluster.inject({ fault: 'heal' });
  }

  until(what: string, condition: () => boolean, seconds = 120): void {
    this.rig.cluster.until(what, condition, seconds);
  }

  #visits(event: string): boolean {
    return [...this.world.trace.entries()].some(
      ({ data }) => data['machine'] === 'coordinator' && data['event'] === event,
    );
  }
}

/** Another broker leads, of which the coordinator hears later. */
function anotherLeads(): World {
  const one = new CoordinatorRig();
  one.inject('isolate', one.leader);
  one.until('another loads', () => one.others(one.leader).some((id) => one.rig.isLoaded(id)));
  one.heal();
  one.until('it has heard', () => !one.rig.isLoaded(one.leader));
  return one.world;
}

/** The next coordinator waits for a frozen replica, which was in sync when it was elected. */
export function waitsForReplica(): CoordinatorRig {
  const one = new CoordinatorRig();
  one.inject('crash', one.leader);
  // Shortly before the election, so that it is in sync then.
  one.rig.cluster.sleep(8);
  one.inject('pause', one.last);
  one.until('the next one leads', () => one.replica(one.next).role === 'leader');
  one.rig.cluster.sleep(1);
  return one;
}

/** It is still waiting when the replica leads in its place. */
function endsWhileItLoads(): World {
  const one = waitsForReplica();
  one.inject('isolate', one.next);
  one.inject('resume', one.last);
  one.until('the last one leads', () => one.rig.isLoaded(one.last));
  one.heal();
  one.until('it has heard', () => one.replica(one.next).role !== 'leader');
  return one.world;
}

/** A log that could not be read is mended, and read when its broker is elected anew. */
function isReadAgain(): World {
  const one = new CoordinatorRig();
  one.failsToLoad();
  one.rot(one.next);
  // Its next epoch begins when it is elected again, having led before.
  one.inject('crash', one.last);
  one.rig.cluster.sleep(15);
  one.inject('isolate', one.next);
  one.rig.cluster.sleep(15);
  one.heal();
  one.until('it is read', () => one.rig.isLoaded(one.next));
  return one.world;
}

/** A shard that was not read is dropped, too. */
function endsUnread(): World {
  const one = new CoordinatorRig();
  one.failsToLoad();
  one.inject('isolate', one.next);
  one.until('the last one leads', () => one.rig.isLoaded(one.last));
  one.heal();
  one.until('it has heard', () => one.replica(one.next).role !== 'leader');
  return one.world;
}

export const coordinatorScenes = [anotherLeads, endsWhileItLoads, isReadAgain, endsUnread] as const;
