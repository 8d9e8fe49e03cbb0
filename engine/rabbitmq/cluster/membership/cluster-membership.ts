/**
 * A cluster whose nodes come and go: how a node joins another's, leaves its own, and is removed by
 * those that are left.
 *
 *     join:   ask a member -> leave the own cluster, wipe the disk -> be added -> copy the tables
 *     reset:  be removed by a member that runs -> wipe the disk
 *     forget: a member that runs removes one that does not -> its classic queues go
 *
 * Which nodes there are is metadata (`add-node`, `remove-node`); each node keeps it in a file, too
 * (`cluster-nodes.ts`). Who comes back is started only by those that still count it among them.
 * With Khepri its Ra cluster takes the node in, and lets it go, besides.
 * Not here: commands and their sentences (`shell/rabbitmq/`), replicas of quorum queues and streams
 * that shrink when a node is forgotten, which is told by who forgets.
 * Sources: `rabbit_mnesia` (3.10.8), `rabbit_db_cluster`, `rabbit_khepri` (4.3.5).
 * Differs: a node's Ra server of Khepri runs with its application only, so that one whose
 * application is stopped does not vote; with Khepri a node is asked, too, whether it is running.
 */
import { assert } from '../../../kernel/assert.ts';
import { microsOfMillis } from '../../../kernel/units.ts';
import type { MetadataChange } from '../../metadata/metadata-change.ts';
import type { Metadata } from '../../metadata/metadata.ts';
import type { NodeRow, NodeType } from '../../metadata/rows.ts';
import type { MemberNode, MembershipModule, NodeMembership } from '../node-membership.ts';
import { ClusterNodes } from './cluster-nodes.ts';
import {
  type Answer,
  DOOR,
  MembershipCalls,
  type NodeInfo,
  type Question,
  type Refusal,
} from './membership-calls.ts';
import { commitAll, forgottenQueues } from './forgotten-queues.ts';
import { joinedKind, membershipNarration, wipedKind } from './membership-trace.ts';
import { refusal } from './refusals.ts';

/** What became of it; null: it is done. */
export type Done = (refused: Refusal | null) => void;

/** A new member of Khepri is asked for so often until it has caught up, this long apart. */
const CHANGE_TRIES = 60;
const CHANGE_RETRY_MS = 1000;

export const clusterMembership: MembershipModule = {
  door: DOOR,
  narration: membershipNarration,
  open: (node, initial) => new ClusterMembership(node, initial),
};

/** The membership of a node that has one; null: its cluster never changes. */
export function membershipOf(membership: NodeMembership | null): ClusterMembership | null {
  return membership instanceof ClusterMembership ? membership : null;
}

export class ClusterMembership implements NodeMembership {
  readonly #node: MemberNode;
  readonly #nodes: ClusterNodes;
  readonly #calls: MembershipCalls;
  /** Something is being done to the node's disk or its cluster. */
  #isBusy = false;

  constructor(node: MemberNode, initial: readonly NodeRow[]) {
    this.#node = node;
    this.#nodes = new ClusterNodes(node.ports, initial);
    this.#calls = new MembershipCalls(node);
  }

  get nodes(): ReadonlyMap<string, NodeType> {
    return this.#nodes.types;
  }

  get isForced(): boolean {
    return this.#nodes.isForced;
  }

  get isJoining(): boolean {
    return this.#nodes.isJoining;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  get type(): NodeType {
    return this.nodes.get(this.#self) ?? 'disc';
  }

  start(): void {
    this.#calls.start((question, reply) => this.#asked(question, reply));
  }

  loaded(): void {
    const { metadata } = this.#node;
    this.#adopt(metadata);
    this.#nodes.set({ isForced: false, isJoining: false });
    metadata.follow((changes) => {
      if (changes.some(({ table }) => table === 'db_nodes')) this.#adopt(metadata);
    });
  }

  get #self(): string {
    return this.#node.ports.host;
  }

  get #others(): readonly string[] {
    return [...this.nodes.keys()].filter((name) => name !== this.#self);
  }

  get #isOnlyClusteredDisc(): boolean {
    const discs = this.#nodes.rows.filter(({ type }) => type === 'disc');
    return this.#others.length > 0 && discs.every(({ name }) => name === this.#self);
  }

  /** Metadata says which nodes there are, where they ever changed. */
  #adopt({ tables }: Metadata): void {
    const rows = [...tables.rows('db_nodes')];
    if (rows.some(({ name }) => name === this.#self)) this.#take(rows);
  }

  #take(rows: readonly NodeRow[], change = {}, written = () => {}): void {
    this.#node.links.setMembers(rows.map(({ name }) => name));
    this.#nodes.set({ ...change, nodes: rows }, written);
  }

  // ------------------------------------------------------------------------------- consistency

  /**
   * Asks the others one after the other, until one that has tables counts this node among its own;
   * the last that was asked decides where none does.
   */
  check(done: (problem: string | null) => void): void {
    const others = [...this.#others];
    const next = (problem: string | null): void => {
      const node = others.shift();
      if (node === undefined) return done(problem);
      this.#info(node, (info) => {
        if (info === null || !info.hasTables) return next(null);
        if (!info.nodes.some(({ name }) => name === this.#self)) {
          return next(disagreement(this.#self, node));
        }
        this.#take(info.nodes);
        done(null);
      });
    };
    next(null);
  }

  #info(node: string, done: (info: NodeInfo | null) => void): void {
    this.#calls.call(node, { ask: 'node_info' }, (answer) => {
      done(answer !== null && answer !== 'nodedown' && 'nodes' in answer ? answer : null);
    });
  }

  #asked(question: Question, reply: (answer: Answer) => void): void {
    const { isRunning } = this.#node;
    switch (question.ask) {
      case 'node_info':
        return reply({ nodes: this.#nodes.rows, hasTables: isRunning, isRunning });
      case 'add':
        return isRunning ? this.#add(question.node, reply) : reply(refusal('mnesia_not_running'));
      case 'remove':
        return isRunning
          ? this.#remove(question.node, reply)
          : reply(refusal('mnesia_not_running'));
      case 'reset':
        return this.forceReset(reply);
    }
  }

  // ----------------------------------------------------------------------------- of a member

  #add(node: NodeRow, done: (answer: Answer) => void): void {
    const { metadata } = this.#node;
    const changes = [...this.#known(), { kind: 'add-node' as const, node }];
    commitAll(metadata, changes, (refused) =>
      done(refused ?? { nodes: this.#nodes.rows, hasTables: true, isRunning: true }),
    );
  }

  /** The nodes that the cluster began with become metadata before they change. */
  #known(): readonly MetadataChange[] {
    const [first] = this.#node.metadata.tables.rows('db_nodes');
    if (first !== undefined) return [];
    return this.#nodes.rows.map((node) => ({ kind: 'add-node', node }));
  }

  /**
   * Removes a node that does not run from the cluster of this one, which does
   * (`forget_cluster_node`).
   */
  forget(name: string, done: Done): void {
    this.mayForget(name, (refused) => {
      if (refused !== null) return done(refused);
      this.#remove(name, (kept) => {
        if (kept !== null || this.#node.metadata.changeMember === undefined) return done(kept);
        // One that can be reached is alone from now on, and empty.
        this.#calls.call(name, { ask: 'reset' }, () => done(null));
      });
    });
  }

  /** Whether the node may be removed: it is a member, and does not run. */
  mayForget(name: string, done: Done): void {
    const { isRunning, metadata } = this.#node;
    if (!this.nodes.has(name)) return done(refusal('not_a_cluster_node'));
    if (!isRunning) return done(refusal('offline_node_no_offline_flag'));
    if (name === this.#self) return done(refusal('rabbit_still_running'));
    if (metadata.changeMember === undefined) {
      return done(metadata.running.includes(name) ? refusal('rabbit_still_running') : null);
    }
    this.#info(name, (info) =>
      done(info?.isRunning === true ? refusal('rabbit_still_running') : null),
    );
  }

  #remove(name: string, done: Done): void {
    const { metadata } = this.#node;
    const hasRaft = metadata.changeMember !== undefined;
    if (!this.nodes.has(name)) return done(refusal('not_a_cluster_node'));
    if (!hasRaft && metadata.running.includes(name)) return done(refusal('rabbit_still_running'));
    this.#changeRaft(metadata, 'remove', name, (refused) => {
      if (refused !== null) return done(refused);
      const removal = { kind: 'remove-node' as const, name };
      const queues = forgottenQueues(metadata, name);
      commitAll(metadata, [...this.#known(), removal, ...queues], done);
    });
  }

  /** Its Raft log, where metadata is one. Changes come one at a time. */
  #changeRaft(
    metadata: Metadata,
    change: 'add' | 'remove',
    node: string,
    done: Done,
    tries: number = CHANGE_TRIES,
  ): void {
    if (metadata.changeMember === undefined) return done(null);
    const isOpen = this.#node.hasLife && this.#node.metadata === metadata;
    if (!isOpen) return done(refusal('mnesia_not_running'));
    metadata.changeMember(change, node, (problem) => {
      if (problem === null) return done(null);
      if (tries === 0) return done({ error: problem, text: '' });
      this.#node.ports.clock.after(microsOfMillis(CHANGE_RETRY_MS), 'khepri/member', () =>
        this.#changeRaft(metadata, change, node, done, tries - 1),
      );
    });
  }

  // -------------------------------------------------------------------------- of one that comes

  /** What can be said without asking anybody; null: it may. */
  mayJoin(target: string, type: NodeType): Refusal | null {
    if (this.#isOnlyClusteredDisc) return refusal('clustering_only_disc_node');
    if (target === this.#self) return refusal('cannot_cluster_node_with_itself');
    const hasRaft = this.#node.metadata.changeMember !== undefined;
    return type === 'ram' && hasRaft ? refusal('node_type_unsupported') : null;
  }

  /** Joins the cluster of another node. The application is stopped; its tables come with that. */
  join(target: string, type: NodeType, done: Done): void {
    const wrong = this.mayJoin(target, type);
    if (wrong !== null) return done(wrong);
    // Since 3.13 a node that runs is asked, too.
    if (this.#node.isRunning && this.nodes.has(target)) return done(refusal('already_member'));
    if (!this.#begin(done)) return;
    const ended = this.#ending(done);
    this.#calls.call(target, { ask: 'node_info' }, (answer) => {
      if (answer === 'nodedown') return ended(refusal('nodedown'));
      assert(answer !== null && 'nodes' in answer, 'what a node says of itself', { target });
      if (!answer.hasTables) return ended(refusal('mnesia_not_running'));
      if (answer.nodes.some(({ name }) => name === this.#self)) {
        const isMember = this.nodes.has(target);
        const text = disagreement(target, this.#self);
        return ended(
          isMember ? refusal('already_member') : { error: 'inconsistent_cluster', text },
        );
      }
      this.#leave((refused) => {
        if (refused !== null) ended(refused);
        else this.#wipe(() => this.#beAdded(target, type, ended));
      });
    });
  }

  #beAdded(target: string, type: NodeType, done: Done): void {
    const node = { name: this.#self, type };
    this.#calls.call(target, { ask: 'add', node }, (answer) => {
      if (answer === 'nodedown' || answer === null) return done(refusal('nodedown'));
      if ('error' in answer) return done(answer);
      this.#take(answer.nodes, { isJoining: true }, () => this.#copyTables(done));
    });
  }

  /** The tables come to this node's disk; it goes down again, and the others know that. */
  #copyTables(done: Done): void {
    const metadata = this.#node.beginDatabase();
    metadata.start(() => {
      this.#changeRaft(metadata, 'add', this.#self, (refused) => {
        this.#node.endDatabase();
        this.#node.ports.trace.record(joinedKind, { nodes: [...this.nodes.keys()].join(' ') });
        if (refused !== null) return done(refused);
        this.#nodes.set({ isJoining: false }, () => done(null));
      });
    });
  }

  // ------------------------------------------------------------------------- of one that leaves

  /** Leaves the cluster, and begins anew without anything. The application is stopped. */
  reset(done: Done): void {
    if (!this.#begin(done)) return;
    const ended = this.#ending(done);
    this.#leave((refused) => {
      if (refused !== null) ended(refused);
      else this.#wipe(() => ended(null));
    });
  }

  /** Begins anew without anything, and tells nobody. */
  forceReset(done: Done): void {
    if (!this.#begin(done)) return;
    const ended = this.#ending(done);
    this.#wipe(() => ended(null));
  }

  /**
   * A disc node becomes a RAM node or the other way: it leaves, and joins as such. Of several nodes
   * none of which has tables the last says what is wrong (`rabbit_mnesia:discover_cluster`).
   */
  changeType(type: NodeType, done: Done): void {
    if (this.#others.length === 0) return done(refusal('not_clustered'));
    const nodes = [...this.nodes.keys()].sort((left, right) => (left < right ? -1 : 1));
    const next = (refused: Refusal): void => {
      const node = nodes.shift();
      if (node === undefined) return done(refused);
      if (node === this.#self) return next(refusal('cannot_cluster_node_with_itself'));
      this.#info(node, (info) => {
        if (info?.hasTables !== true) {
          return next(refusal(info === null ? 'nodedown' : 'mnesia_not_running'));
        }
        this.reset((kept) => {
          if (kept !== null) done(kept);
          else this.join(node, type, done);
        });
      });
    };
    next(refusal('no_online_cluster_nodes'));
  }

  /**
   * Removes a node from the cluster of this one, whose application is stopped as those of all
   * others are: its tables are taken for the newest, now and at its next start.
   */
  forgetOffline(name: string, done: Done): void {
    if (!this.nodes.has(name)) return done(refusal('not_a_cluster_node'));
    if (this.#node.isRunning) return done(refusal('online_node_offline_flag'));
    const isForeign = this.#node.metadata.changeMember !== undefined;
    if (isForeign) return done(refusal('not_supported'));
    if (!this.#begin(done)) return;
    const ended = this.#ending(done);
    this.#firstRunning((running) => {
      if (running !== null || this.type === 'ram') {
        return ended(refusal('removing_node_from_offline_node'));
      }
      this.#nodes.set({ isForced: true }, () => {
        const metadata = this.#node.beginDatabase();
        metadata.start(() => {
          this.#adopt(metadata);
          this.#remove(name, (refused) => {
            this.#adopt(metadata);
            this.#node.endDatabase();
            ended(refused);
          });
        });
      });
    });
  }

  /** A member that runs removes this one; who is in no cluster has nothing to leave. */
  #leave(done: Done): void {
    if (this.#others.length === 0) return done(null);
    if (this.#isOnlyClusteredDisc) return done(refusal('resetting_only_disc_node'));
    this.#firstRunning((node) => {
      if (node === null) {
        return done(
          refusal(
            this.type === 'ram' ? 'cannot_create_standalone_ram_node' : 'no_running_cluster_nodes',
          ),
        );
      }
      this.#calls.call(node, { ask: 'remove', node: this.#self }, (answer) => {
        if (answer === 'nodedown') return done(refusal('no_running_cluster_nodes'));
        const isGone = answer === null || !('error' in answer);
        done(isGone || answer.error === 'not_a_cluster_node' ? null : answer);
      });
    });
  }

  #firstRunning(done: (node: string | null) => void): void {
    const others = [...this.#others];
    const next = (): void => {
      const node = others.shift();
      if (node === undefined) return done(null);
      this.#info(node, (info) => {
        if (info?.hasTables === true) done(node);
        else next();
      });
    };
    next();
  }

  #wipe(wiped: () => void): void {
    assert(!this.#node.hasLife, 'its application is stopped', { host: this.#self });
    this.#node.links.setMembers([this.#self]);
    this.#node.ports.trace.record(wipedKind, {});
    this.#nodes.wipe(wiped);
  }

  // ------------------------------------------------------------------------------------- in turn

  /** One thing at a time is done to a node whose application is stopped. */
  #begin(done: Done): boolean {
    const mayBegin = this.#node.isStopped;
    if (mayBegin) this.#isBusy = true;
    else done(refusal(this.#node.hasLife ? 'mnesia_unexpectedly_running' : 'busy'));
    return mayBegin;
  }

  #ending(done: Done): Done {
    return (refused) => {
      this.#isBusy = false;
      done(refused);
    };
  }
}

/** One thinks that the other is in its cluster, and that one does not. */
function disagreement(thinker: string, dissident: string): string {
  const [first, second] = [`'rabbit@${thinker}'`, `'rabbit@${dissident}'`];
  return `Node ${first} thinks it's clustered with node ${second}, but ${second} disagrees`;
}
