/**
 * A node's part in the coordination of streams: its member of the coordinator's Ra cluster, who
 * asks it, and who on this node is told of a stream.
 *
 * Every node is a member; the cluster begins with the first stream. A node that is alone for good
 * has none of this. Not here: what is decided (`stream-coordinator.ts`), what a member does then
 * (`stream-member.ts`). Source: `rabbit_stream_coordinator:ensure_coordinator_started`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import type { Term } from '../../wire/erlang/term.ts';
import type { NodeLinks } from '../cluster/node-links.ts';
import { coordinationSystem } from '../ra/coordination.ts';
import { RaCaller } from '../ra/ra-caller.ts';
import { CoordinatorMembers } from './coordinator-members.ts';
import {
  type CoordinatorOwner,
  StreamCoordinator,
  type StreamCommand,
  type StreamState,
} from './stream-coordinator.ts';

const CLUSTER = 'rabbit_stream_coordinator';
/** Commands between two snapshots (ra: `snapshot_interval`). */
const SNAPSHOT_INTERVAL = 4096;

type Told = (state: StreamState | null) => void;

/** By the links of a node's incarnation. */
const all = new WeakMap<NodeLinks, StreamCoordination>();

export class StreamCoordination implements CoordinatorOwner {
  readonly machine = new StreamCoordinator(this);
  readonly #links: NodeLinks;
  readonly #caller: RaCaller;
  readonly #told = new Map<string, Told>();

  private constructor(ports: Ports, links: NodeLinks) {
    this.#links = links;
    const system = coordinationSystem(ports, links);
    const { processes } = system;
    this.#caller = new RaCaller(ports, { links, processes, name: 'streams' });
    const isNew = ![...system.configs].some(({ cluster }) => cluster === CLUSTER);
    const open = (members: readonly string[]): void => {
      const server = system.open(
        {
          ...{ cluster: CLUSTER, members, machine: this.machine },
          snapshotInterval: () => SNAPSHOT_INTERVAL,
        },
        () => {
          // Somebody has to be the first.
          if (isNew && members[0] === links.self) server.triggerElection();
        },
      );
    };
    const known = (): readonly string[] | null => system.server(CLUSTER)?.members ?? null;
    const members = links.isChanging ? new CoordinatorMembers(ports, links, known) : null;
    if (!isNew || members === null) open(links.members);
    else {
      members.find((found) => {
        open(found);
        if (!found.includes(links.self)) members.takeIn(this.#caller, CLUSTER, found);
      });
    }
  }

  /**
   * A node is none of the cluster any more; `done` says whether it is no member of the
   * coordinator's. Source: `rabbit_stream_coordinator:forget_node`.
   */
  static forget(links: NodeLinks, node: string, done: (isGone: boolean) => void): void {
    const coordination = all.get(links);
    if (coordination === undefined) return done(true);
    const members = links.members.filter((one) => one !== node);
    coordination.#caller.change({ name: CLUSTER, members }, 'remove', node, (result) => {
      const isUnknown = result.kind === 'refused' && result.reason === 'VOTER_NOT_FOUND';
      done(result.kind === 'reply' || isUnknown);
    });
  }

  static of(ports: Ports, links: NodeLinks): StreamCoordination {
    let coordination = all.get(links);
    if (coordination === undefined) {
      all.set(links, (coordination = new StreamCoordination(ports, links)));
    }
    return coordination;
  }

  /** Tells of the stream's state on this node from now on, each time that it is another one. */
  watch(stream: string, told: Told): () => void {
    assert(!this.#told.has(stream), 'a stream has one member on a node', { stream });
    this.#told.set(stream, told);
    return () => {
      if (this.#told.get(stream) === told) this.#told.delete(stream);
    };
  }

  changed(stream: string, state: StreamState | null): void {
    this.#told.get(stream)?.(state);
  }

  /** Asks for a command; `done` says whether it was taken. What timed out may yet be. */
  command(command: StreamCommand, done: (isTaken: boolean) => void): void {
    const cluster = { name: CLUSTER, members: this.#links.members };
    this.#caller.command(cluster, command as unknown as Term, ({ kind }) => done(kind === 'reply'));
  }
}
