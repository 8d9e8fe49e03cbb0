/** A quorum in the simulated world, with clients, faults and the watch. */
import type { MemberId } from '../../engine/consensus/message.ts';
import { kraftConfig, SOUND } from '../../engine/consensus/raft-config.ts';
import type { RaftConfig, RaftSwitches } from '../../engine/consensus/raft-config.ts';
import { inject } from '../../engine/sim/faults.ts';
import type { Fault } from '../../engine/sim/faults.ts';
import type { RunEnd } from '../../engine/sim/world.ts';
import { World } from '../../engine/sim/world.ts';
import { History } from './history.ts';
import { Member } from './member.ts';
import { RaftWatch } from './watch.ts';

export interface QuorumOptions {
  readonly seed?: number;
  readonly voters?: readonly MemberId[];
  readonly observers?: readonly MemberId[];
  readonly direction?: RaftConfig['direction'];
  readonly switches?: Partial<RaftSwitches>;
  readonly snapshotEvery?: number;
  readonly appliesEarly?: boolean;
}

export const THREE: readonly MemberId[] = ['a', 'b', 'c'];

export class Quorum {
  readonly world: World;
  readonly watch = new RaftWatch();
  readonly history = new History();
  readonly members: readonly MemberId[];
  #items = 0;

  constructor(options: QuorumOptions = {}) {
    const { seed = 1, voters = THREE, observers = [], direction = 'pull' } = options;
    this.world = new World({ seed, freeze: true });
    const switches = { ...SOUND, ...options.switches };
    const config = { ...kraftConfig(voters), direction, switches };
    const { watch } = this;
    this.members = [...voters, ...observers];
    for (const name of this.members) {
      const { snapshotEvery = 0, appliesEarly = false } = options;
      const settings = { config, watch, snapshotEvery, appliesEarly };
      this.world.addHost(name, (ports) => new Member(ports, settings));
    }
    this.world.observe((_event, host) => {
      const member = host?.process;
      if (!(member instanceof Member) || host === null) return;
      watch.looked(host.name, member.inspect(), member.applied);
    });
    for (const name of this.members) this.fault({ fault: 'start', host: name });
  }

  member(name: MemberId): Member {
    const { process } = this.world.hostNamed(name)!;
    if (!(process instanceof Member)) throw new Error(`${name} is down`);
    return process;
  }

  up(name: MemberId): boolean {
    return this.world.hostNamed(name)!.process instanceof Member;
  }

  fault(...faults: readonly Fault[]): void {
    for (const fault of faults) inject(this.world, fault);
  }

  /** Leaders of the newest term that any leader is in. */
  leader(): MemberId | null {
    let found: { name: MemberId; term: number } | null = null;
    for (const name of this.members) {
      if (!this.up(name)) continue;
      const { role, term } = this.member(name).inspect();
      if (role === 'Leader' && (found === null || term > found.term)) found = { name, term };
    }
    return found?.name ?? null;
  }

  run(until: () => boolean, ms: number): RunEnd {
    return this.world.run(until, { micros: ms * 1000 });
  }

  runFor(ms: number): void {
    this.run(() => false, ms);
  }

  /** Runs until somebody leads and has committed an entry of its own. */
  elect(ms = 20_000): MemberId {
    this.run(() => {
      const leader = this.leader();
      return leader !== null && this.member(leader).roles.length > 0 && this.#commits(leader);
    }, ms);
    const leader = this.leader();
    if (leader === null) throw new Error('nobody leads');
    return leader;
  }

  #commits(leader: MemberId): boolean {
    const { term, highWatermark } = this.member(leader).inspect();
    return this.watch.committed.get(highWatermark)?.term === term;
  }

  append(at: MemberId): void {
    if (!this.up(at)) return;
    const operation = this.history.begin('append');
    const item = ++this.#items;
    this.world.command(at, 'append', () => {
      this.member(at).append(item, (place) => this.history.end(operation, place));
    });
  }

  read(at: MemberId): void {
    if (!this.up(at)) return;
    const operation = this.history.begin('read');
    this.world.command(at, 'read', () => {
      this.member(at).read((length) => this.history.end(operation, length));
    });
  }

  command(at: MemberId, run: (member: Member) => void): void {
    if (!this.up(at)) return;
    this.world.command(at, 'wish', () => run(this.member(at)));
  }

  /** What is wrong so far, with its invariant's name first; empty if nothing is. */
  problems(): readonly string[] {
    const found = this.watch.violations.map(({ id, what }) => `${id}: ${what}`);
    const { failure } = this.world;
    if (failure !== null) found.push(`${failure.error.message} at ${failure.host}`);
    const defect = this.history.defect();
    if (defect !== null) found.push(`linearizable: ${defect}`);
    return found;
  }
}
