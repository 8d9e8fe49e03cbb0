/** How stories on a RabbitMQ node begin. */
import type { Lab, Step } from '#engine/lab/index.ts';
import type { RabbitCluster } from '#engine/lab/rabbitmq.ts';
import type { Topology } from '#engine/lab/rabbitmq-options.ts';

/** A story's state has at least the node. */
export interface RabbitWorld {
  readonly rabbit: RabbitCluster;
}

type Title = Step<RabbitWorld>['title'];

export const nodeStarts: Step<RabbitWorld> = {
  id: 'start',
  title: { en: 'The node starts', zh: '节点启动' },
  do: () => {},
  until: ({ rabbit }) => rabbit.allRunning,
  timeLimitMs: 30_000,
};

/** Declares, and lets the story's clients connect, where it has some. */
export function declared<W extends RabbitWorld>(
  title: Title,
  topology: (world: W) => Topology,
  clients: (world: W, lab: Lab) => void = () => {},
): Step<W> {
  return {
    id: 'declare',
    title,
    do: (world, lab) => {
      world.rabbit.declare(topology(world));
      clients(world, lab);
    },
    until: ({ rabbit }) => rabbit.allConnected,
    timeLimitMs: 30_000,
  };
}

/** A moment at which a search may strike. */
export const point = <W>(
  id: string,
  en: string,
  zh: string,
  reached: (world: W, lab: Lab) => boolean,
) => ({ id, title: { en, zh }, reached });
