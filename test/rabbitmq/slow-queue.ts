/**
 * A client that publishes 1,200 messages at once through rabbit-1 to a queue of a cluster of three
 * nodes, of which some stand still meanwhile and then go on: what was seen of it at each event.
 */
import { expect } from 'vitest';
import { experiment, type Lab, type Step } from '../../engine/lab/experiment.ts';
import { RabbitCluster } from '../../engine/lab/rabbitmq.ts';
import { onRaft } from '../../engine/lab/rabbitmq-quorum.ts';
import { Run } from '../../engine/lab/run.ts';
import type { RabbitNode } from '../../engine/rabbitmq/node.ts';
import { listChannels } from '../../engine/rabbitmq/statistics/listing.ts';
import { streams } from '../../engine/rabbitmq/stream/stream-type.ts';

export const COUNT = 1200;

interface Scene {
  /** A node that is short of disk meanwhile. */
  readonly isShort?: number;
  /** Nodes that stand still. */
  readonly paused: readonly string[];
  readonly pausedMs?: number;
  /** Where the queue is; 2 where nothing is said. */
  readonly at?: number;
  readonly mode?: 'none' | 'confirm';
  readonly arguments?: Readonly<Record<string, string>>;
}

interface Seen {
  /** Messages that rabbit-1 had taken when the others went on. */
  taken: number;
  /** Messages that the queue had in the end, or that are accounted for. */
  arrived: number;
  /** The publisher's connection and channel, as they are listed: each state once. */
  readonly states: string[];
  readonly channelStates: string[];
  stateAtEnd: string;
  /** By connection.blocked. */
  wasTold: boolean;
}

interface World {
  readonly rabbit: RabbitCluster;
}

const title = { en: 'A step', zh: '一步' };
const PUBLISHER = 'publisher-1';

class Observer {
  readonly seen: Seen = {
    ...{ taken: 0, arrived: 0, states: [], channelStates: [], stateAtEnd: '', wasTold: false },
  };

  look({ rabbit }: World): void {
    const { seen } = this;
    const listener = rabbit.node(1)!.listener;
    const connection = listener.connections.find(
      (one) => one.inspect().client === PUBLISHER && one.channels.length > 0,
    );
    if (connection === undefined) return;
    seen.wasTold ||= (rabbit.client(PUBLISHER)?.blockedBecause ?? null) !== null;
    const { state } = connection.inspect();
    if (!seen.states.includes(state)) seen.states.push(state);
    seen.stateAtEnd = state;
    const [channel] = listChannels(listener).filter(({ name }) =>
      name.startsWith(`${connection.identity.id} `),
    );
    if (channel === undefined) return;
    if (!seen.channelStates.includes(channel.state)) seen.channelStates.push(channel.state);
    seen.taken = channel.messageStats.publish?.count ?? 0;
    seen.arrived = rabbit.queue('q')?.published ?? 0;
  }
}

export function publishWhileSlow(scene: Scene): Seen {
  const observer = new Observer();
  let taken = 0;
  const steps: Step<World>[] = [
    ...beginning(scene),
    {
      ...{ id: 'slow', title, timeLimitMs: scene.pausedMs ?? 10_000 },
      do: ({ rabbit }, lab) => {
        for (const host of scene.paused) lab.inject({ fault: 'pause', host });
        setFreeLimit(rabbit, lab, scene.isShort, Number.MAX_SAFE_INTEGER);
        rabbit.publish(PUBLISHER, { routingKey: 'q', count: COUNT });
      },
      until: (world) => {
        observer.look(world);
        ({ taken } = observer.seen);
        return false;
      },
    },
    {
      ...{ id: 'quick', title, timeLimitMs: 30_000 },
      do: ({ rabbit }, lab) => {
        for (const host of scene.paused) lab.inject({ fault: 'resume', host });
        setFreeLimit(rabbit, lab, scene.isShort, 0);
      },
      until: (world) => {
        observer.look(world);
        return false;
      },
    },
  ];
  const told = experiment({
    ...{ id: 'slow-queue', knobs: {}, measures: () => ({}), proofs: {}, steps },
    world: ({ lab }): World => {
      const queueTypes = [...onRaft.queueTypes, streams];
      const options = { ...onRaft, queueTypes, profile: 'rabbitmq-3.13', nodes: 3 } as const;
      return { rabbit: new RabbitCluster(lab, options) };
    },
    settle: [{ id: 'settled', title, until: () => true, timeLimitMs: 1 }],
  });
  const run = new Run(told).finish();
  expect(run.world.failure).toBeNull();
  return { ...observer.seen, taken };
}

/** disk_free_limit of a node, in bytes. */
function setFreeLimit(rabbit: RabbitCluster, lab: Lab, node: number | undefined, bytes: number) {
  if (node === undefined) return;
  lab.command<RabbitNode>(rabbit.nodeName(node), 'set_disk_free_limit', ({ alarms }) =>
    alarms.setDiskFreeLimit(bytes),
  );
}

/** The nodes run, the queue is declared, and a publisher is connected to rabbit-1. */
function beginning({ at = 2, mode = 'none', arguments: args = {} }: Scene): Step<World>[] {
  return [
    {
      ...{ id: 'nodes', title, timeLimitMs: 60_000 },
      until: ({ rabbit }) => rabbit.allRunning,
    },
    {
      ...{ id: 'client', title, timeLimitMs: 60_000 },
      do: ({ rabbit }) => rabbit.addClient('client-1', { node: at }),
      until: ({ rabbit }) => rabbit.allConnected,
    },
    {
      ...{ id: 'declare', title, timeLimitMs: 60_000 },
      do: ({ rabbit }) => {
        rabbit.call('client-1', 'queue.declare', { queue: 'q', durable: true, arguments: args });
        rabbit.addPublisher(PUBLISHER, { mode, node: 1 });
      },
      until: ({ rabbit }) => rabbit.allConnected && rabbit.allDeclared,
    },
  ];
}
