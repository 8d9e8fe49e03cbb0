/**
 * The catalogue of the engine's state machines, and what became of each instance in a run.
 *
 * A chart is plain data, derived from the machine's own definition, with the name that the real
 * component has. The state of an instance at an event comes from the trace, which has an entry for
 * each transition; so nothing is run again.
 *
 * Not here: how a chart is laid out (`web/stage/inspect`).
 */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { raftMachine } from '../consensus/raft.machine.ts';
import { lifecycleMachine } from '../kafka/broker/lifecycle.machine.ts';
import { connectionMachine } from '../kafka/client/connection.machine.ts';
import { fetchStateMachine } from '../kafka/client/consumer/fetch-state.machine.ts';
import { consumerMemberMachine } from '../kafka/client/consumer/group/membership.machine.ts';
import { memberStateMachine } from '../kafka/client/consumer/group/member-state.machine.ts';
import { producerMachine } from '../kafka/client/producer/producer.machine.ts';
import { transactionalMachine } from '../kafka/client/producer/transactional.machine.ts';
import { brokerRegistrationMachine } from '../kafka/controller/broker-registration.machine.ts';
import { controllerMachine } from '../kafka/controller/controller.machine.ts';
import { coordinatorMachine } from '../kafka/coordinator/coordinator.machine.ts';
import { classicGroupMachine } from '../kafka/group/classic-group.machine.ts';
import { isrMachine } from '../kafka/partition/isr.machine.ts';
import { replicaMachine } from '../kafka/partition/replica.machine.ts';
import { quorumControllerMachine } from '../kafka/raft/quorum-controller.machine.ts';
import { sharePartitionMachine } from '../kafka/share/share-partition.machine.ts';
import { transactionMachine } from '../kafka/transaction/transaction.machine.ts';
import { assert } from '../kernel/assert.ts';
import type { TraceEntry } from '../kernel/trace.ts';
import { channelMachine } from '../rabbitmq/channel/channel.machine.ts';
import { connectionMachine as amqpMachine } from '../rabbitmq/connection/connection.machine.ts';
import { sessionMachine } from '../services/database/session.machine.ts';
import { failoverMachine } from '../services/redis/failover.machine.ts';
import { zooKeeperClientMachine } from '../zookeeper/client.machine.ts';

export interface ChartState {
  /** From the root, as in `Follower.Fetching`. */
  readonly path: string;
  readonly name: string;
  /** The state around it; null at the top. */
  readonly parent: string | null;
  /** Whether the machine, or the state around it, begins here. */
  readonly isInitial: boolean;
  readonly isFinal: boolean;
  /** Where the real component documents it; empty where the machine as a whole says it. */
  readonly doc: string;
}

export interface ChartTransition {
  /** A state's path; empty where it leaves whatever state is active. */
  readonly from: string;
  /** Equal to `from` where it only acts. */
  readonly to: string;
  readonly event: string;
  /** The condition's name; empty where there is none. */
  readonly guard: string;
}

export interface Chart {
  readonly machine: string;
  /** What the real component calls it. */
  readonly realName: string;
  readonly doc: string;
  readonly states: readonly ChartState[];
  readonly transitions: readonly ChartTransition[];
}

interface Listed {
  readonly machine: AnyStateMachine;
  /** Where the machine itself does not say it. */
  readonly realName: string;
  /** Whether several instances of one name live at once: two connections to one address. */
  readonly isShared?: boolean;
}

const CATALOGUE: readonly Listed[] = [
  { machine: lifecycleMachine, realName: 'BrokerState' },
  { machine: replicaMachine, realName: 'HostedPartition' },
  { machine: isrMachine, realName: 'PartitionState' },
  { machine: controllerMachine, realName: 'QuorumController' },
  { machine: quorumControllerMachine, realName: 'QuorumController' },
  { machine: raftMachine, realName: 'EpochState' },
  { machine: brokerRegistrationMachine, realName: 'BrokerControlState' },
  { machine: producerMachine, realName: 'TransactionManager.State' },
  { machine: transactionalMachine, realName: 'TransactionManager.State' },
  { machine: coordinatorMachine, realName: 'CoordinatorState' },
  { machine: classicGroupMachine, realName: 'ClassicGroupState' },
  { machine: transactionMachine, realName: 'TransactionState' },
  { machine: sharePartitionMachine, realName: 'SharePartitionState' },
  { machine: fetchStateMachine, realName: 'SubscriptionState.FetchStates' },
  { machine: memberStateMachine, realName: 'AbstractCoordinator.MemberState' },
  { machine: consumerMemberMachine, realName: 'internals.MemberState' },
  { machine: connectionMachine, realName: 'ConnectionState', isShared: true },
  { machine: sessionMachine, realName: 'pg_stat_activity.state' },
  { machine: failoverMachine, realName: 'SENTINEL_FAILOVER_STATE' },
  { machine: zooKeeperClientMachine, realName: 'ZooKeeper.States' },
  { machine: amqpMachine, realName: 'rabbit_reader', isShared: true },
  { machine: channelMachine, realName: 'rabbit_channel', isShared: true },
];

/** The chart of every machine of the engine. */
export function charts(): readonly Chart[] {
  return CATALOGUE.map(chartOf);
}

function chartOf({ machine, realName }: Listed): Chart {
  const root: AnyStateNode = machine.root;
  const nodes = nodesBelow(root);
  return {
    machine: machine.id,
    realName,
    doc: docOf(root) || (nodes.map(docOf).find((doc) => doc !== '') ?? ''),
    states: nodes.map((node) => stateOf(node)),
    transitions: [root, ...nodes].flatMap(transitionsFrom),
  };
}

function nodesBelow(node: AnyStateNode): readonly AnyStateNode[] {
  assert(node.type !== 'parallel', 'no machine here has regions', { node: node.id });
  const inner = Object.values(node.states) as AnyStateNode[];
  return inner.flatMap((one) => [one, ...nodesBelow(one)]);
}

const pathTo = (node: AnyStateNode): string => node.path.join('.');

function docOf(node: AnyStateNode): string {
  const { doc } = (node.meta ?? {}) as { readonly doc?: string };
  return doc ?? '';
}

function stateOf(node: AnyStateNode): ChartState {
  const parent = node.parent!;
  return {
    path: pathTo(node),
    name: node.key,
    parent: parent.parent === undefined ? null : pathTo(parent),
    isInitial: parent.initial.target[0] === node,
    isFinal: node.type === 'final',
    doc: docOf(node),
  };
}

function transitionsFrom(node: AnyStateNode): readonly ChartTransition[] {
  const defined = [...node.transitions.values()].flat();
  const all = [...defined, ...(node.always ?? [])];
  const from = pathTo(node);
  return all.map(({ target, eventType, guard }) => ({
    from,
    to: target?.[0] === undefined ? from : pathTo(target[0]),
    event: eventName(eventType),
    guard: typeof guard === 'string' ? guard : '',
  }));
}

const AFTER = /^xstate\.after\.(\d+)\./;

/** An event as a reader may see it: a delay by its length, and no event at all as `always`. */
function eventName(type: string): string {
  if (type === '') return 'always';
  const delay = AFTER.exec(type)?.[1];
  return delay === undefined ? type : `after ${delay} ms`;
}

export interface MachineStep {
  readonly event: number;
  /** Microseconds. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  /** What led to it; `start` for the first. */
  readonly on: string;
}

/** One instance from its making to its end. */
export interface MachineLife {
  readonly machine: string;
  readonly instance: string;
  /** In order; the first is its initial state. */
  readonly steps: readonly MachineStep[];
  /** The event that ended its process or put another in its place; null while it lives. */
  readonly end: number | null;
}

interface OpenLife extends MachineLife {
  readonly steps: MachineStep[];
  end: number | null;
}

/**
 * The machines of a host over a run, by a trace's entries in order. Two connections to one address
 * have one name; a step is then told to be of the one that has been longest in the state it leaves.
 */
export function machineLives(entries: Iterable<TraceEntry>, host: string): readonly MachineLife[] {
  const shared = new Set(CATALOGUE.filter((one) => one.isShared).map(({ machine }) => machine.id));
  const lives: OpenLife[] = [];
  let living: OpenLife[] = [];
  for (const entry of entries) {
    if (entry.host !== host) continue;
    if (endsProcess(entry)) {
      for (const life of living) life.end = entry.event;
      living = [];
    }
    if (entry.kind !== 'machine') continue;
    const { machine, instance } = entry.data as Readonly<Record<string, string>>;
    const same = living.filter((one) => one.machine === machine && one.instance === instance);
    const step = stepOf(entry);
    if (step.on !== 'start') {
      const lifeOfStep = longestIn(same, step.from);
      lifeOfStep.steps.push(step);
      continue;
    }
    if (!shared.has(machine!)) {
      for (const life of same) life.end = entry.event;
      living = living.filter((one) => !same.includes(one));
    }
    const life: OpenLife = { machine: machine!, instance: instance!, steps: [step], end: null };
    lives.push(life);
    living.push(life);
  }
  return lives;
}

/** Whether a host's process ends here, or begins anew after an end that nothing else told of. */
function endsProcess({ kind, data }: TraceEntry): boolean {
  const isFatal = data['fault'] === 'crash' || data['fault'] === 'power';
  return kind === 'halt' || kind === 'start' || (kind === 'fault' && isFatal);
}

function longestIn(lives: readonly OpenLife[], state: string): OpenLife {
  const fitting = lives.filter(({ steps }) => steps.at(-1)!.to === state);
  assert(fitting.length > 0, 'an instance in the state that is left', { state });
  return fitting.reduce((oldest, one) =>
    one.steps.at(-1)!.event < oldest.steps.at(-1)!.event ? one : oldest,
  );
}

function stepOf({ event, at, data }: TraceEntry): MachineStep {
  const { from, to, event: on } = data as Readonly<Record<string, string>>;
  return { event, at, from: from!, to: to!, on: eventName(on!) };
}
