/**
 * Metadata in Khepri: changes are commands in a Raft log, which every node of the cluster has.
 *
 * A change happens when a majority has it on disk; on the side of a partition that has none, asking
 * ends after `khepri_default_timeout`, and what was asked may happen later all the same. A node has
 * its own changes when they are answered, those of others when it has applied them; what is read is
 * read here, however old it is. When sides meet nothing is lost: there were no two truths.
 * Everything is in the log, so transient exchanges outlive a restart; transient queues of a node go
 * when it comes back (`rabbit_amqqueue:on_node_up`), not when it goes down.
 * Members are those that the node was started with, until one joins or is removed
 * (`cluster/membership/`). Differs: there they join one by one from the beginning.
 * Not here: the log (`ra/`), the tables (`khepri-machine.ts`). Sources: `rabbit_khepri`,
 * rabbitmq.com/docs/metadata-store.
 */
import { assert } from '../../../kernel/assert.ts';
import type { Ports } from '../../../kernel/ports.ts';
import { microsOfMillis } from '../../../kernel/units.ts';
import type { Term } from '../../../wire/erlang/term.ts';
import type { NodeLinks } from '../../cluster/node-links.ts';
import { RaCaller, type RaCluster } from '../../ra/ra-caller.ts';
import { coordinationSystem } from '../../ra/coordination.ts';
import type { RaSystem } from '../../ra/ra-system.ts';
import { type MetadataChange, type Outcome, subjectOf } from '../metadata-change.ts';
import { changedTrace } from '../metadata-trace.ts';
import type { Follower, Metadata, MetadataContext, MetadataStore } from '../metadata.ts';
import type { RowChange } from '../rows.ts';
import { Tables, type TablesView } from '../tables.ts';
import { KhepriMachine, type KhepriReply, type MachineOwner } from './khepri-machine.ts';

/** `?RA_CLUSTER_NAME` of `rabbit_khepri` */
const CLUSTER = 'rabbitmq_metadata';
/** `khepri_default_timeout` */
const TIMEOUT_MS = 30_000;
/** `khepri_leader_wait_retry_timeout` and `_limit` */
const LEADER_WAIT_RETRY_MS = 30_000;
const LEADER_WAIT_RETRIES = 10;
const SNAPSHOT_INTERVAL = 4096;
/** Between two attempts. */
const RETRY_MS = 100;

interface Waiting {
  readonly index: number;
  readonly run: () => void;
}

export const khepri: MetadataStore = {
  name: 'khepri',
  open: (context) => new KhepriMetadata(context),
};

export class KhepriMetadata implements Metadata, MachineOwner {
  readonly #ports: Ports;
  readonly #links: NodeLinks;
  readonly #isJoining: boolean;
  readonly #tables = new Tables();
  readonly #machine: KhepriMachine;
  readonly #followers: Follower[] = [];
  /** What happens when this member has applied so much. */
  #waiting: Waiting[] = [];
  #system: RaSystem | null = null;
  #caller: RaCaller | null = null;

  constructor(context: Pick<MetadataContext, 'ports' | 'links' | 'isJoining'>) {
    const { ports, links, isJoining = false } = context;
    this.#ports = ports;
    this.#links = links;
    this.#isJoining = isJoining;
    this.#machine = new KhepriMachine(this.#tables, this);
  }

  get #cluster(): RaCluster {
    return { name: CLUSTER, members: this.#links.members };
  }

  get tables(): TablesView {
    return this.#tables;
  }

  get running(): readonly string[] {
    return this.#links.members.filter((node) => this.#links.isConnected(node));
  }

  start(ready: () => void): void {
    assert(this.#caller === null, 'it starts once', {});
    const [ports, links] = [this.#ports, this.#links];
    const system = coordinationSystem(ports, links);
    this.#system = system;
    this.#caller = new RaCaller(ports, { links, processes: system.processes, name: 'khepri' });
    const joining = this.#isJoining;
    const members = links.members.filter((node) => !joining || node !== links.self);
    system.open(
      {
        ...{ cluster: CLUSTER, members, machine: this.#machine },
        snapshotInterval: () => SNAPSHOT_INTERVAL,
      },
      () => {
        // Somebody has to be the first.
        if (members[0] === links.self) system.server(CLUSTER)?.triggerElection();
        this.#catchUp(ports.clock.now(), () => this.#forgetOwnQueues(ready));
      },
    );
  }

  stop(): void {
    this.#system?.stop();
    this.#system = null;
    this.#caller = null;
    this.#waiting = [];
    this.#followers.length = 0;
  }

  commit(change: MetadataChange, answer: (outcome: Outcome) => void): void {
    const caller = this.#caller;
    assert(caller !== null, 'it was started', { change: change.kind });
    const command = change as unknown as Term;
    caller.command(
      this.#cluster,
      command,
      (result) => {
        if (result.kind !== 'reply') {
          answer({ kind: 'unavailable', reason: 'timeout' });
          return;
        }
        const { index, outcome } = result.reply as unknown as KhepriReply;
        this.#when(index, () => answer(outcome));
      },
      TIMEOUT_MS,
    );
  }

  follow(follower: Follower): void {
    this.#followers.push(follower);
  }

  changeMember(
    change: 'add' | 'remove',
    node: string,
    done: (problem: string | null) => void,
  ): void {
    const caller = this.#caller;
    assert(caller !== null, 'it was started', { change, node });
    caller.change(this.#cluster, change, node, (result) => {
      if (result.kind === 'reply') return done(null);
      const reason = result.kind === 'timeout' ? 'TIMED_OUT' : result.reason;
      // One that was asked again after it had been done.
      const isDone = reason === (change === 'add' ? 'DUPLICATE_VOTER' : 'VOTER_NOT_FOUND');
      done(isDone ? null : reason);
    });
  }

  changed(index: number, changes: readonly RowChange[], change: MetadataChange | null): void {
    if (change !== null) {
      this.#ports.trace.record(changedTrace, {
        change: change.kind,
        subject: subjectOf(change),
        outcome: changes.length > 0 ? 'applied' : 'unchanged',
        rows: changes.length,
      });
    }
    for (const follower of this.#followers) if (changes.length > 0) follower(changes);
    const due = this.#waiting.filter((of) => of.index <= index);
    this.#waiting = this.#waiting.filter((of) => of.index > index);
    for (const { run } of due) run();
  }

  /** Runs when what stands at this place of the log is applied here. */
  #when(index: number, run: () => void): void {
    if (index <= this.#machine.index) run();
    else this.#waiting.push({ index, run });
  }

  /** Waits until this member has what a majority has: without one, the node does not start. */
  #catchUp(since: number, done: () => void): void {
    const { clock } = this.#ports;
    if (clock.now() - since >= microsOfMillis(LEADER_WAIT_RETRY_MS * LEADER_WAIT_RETRIES)) {
      this.#ports.halt('timeout_waiting_for_leader');
      return;
    }
    const caller = this.#caller;
    assert(caller !== null, 'it was started', { since });
    caller.query(this.#cluster, 'consistent', 'index', (result) => {
      if (result.kind === 'reply') this.#when(Number(result.reply), done);
      else
        clock.after(microsOfMillis(RETRY_MS), 'khepri_leader_wait', () =>
          this.#catchUp(since, done),
        );
    });
  }

  /** The transient queues that this node had before it went down. */
  #forgetOwnQueues(ready: () => void): void {
    this.commit({ kind: 'delete-transient-queues', leader: this.#links.self }, (outcome) => {
      if (outcome.kind === 'unavailable') this.#forgetOwnQueues(ready);
      else ready();
    });
  }
}
