/**
 * What the stories of the gallery on RabbitMQ share: knobs, how they begin, what was confirmed and
 * what the queues have. Not here: stories on Kafka (`story.ts`), the invariants that the lab checks
 * for itself.
 */
import { choice } from '#engine/lab/index.ts';
import type { Lab, Step } from '#engine/lab/index.ts';
import type { Policy } from '#engine/rabbitmq/vhost/policies.ts';
import type { RabbitCluster } from '#engine/lab/rabbitmq.ts';

interface Told {
  readonly rabbit: RabbitCluster;
}

type QueueView = NonNullable<ReturnType<RabbitCluster['queue']>>;

/** As many nodes as a story has, in words. */
const NODES_START = {
  1: { en: 'The node starts', zh: '节点启动' },
  2: { en: 'Two nodes start', zh: '两个节点启动' },
  3: { en: 'Three nodes start', zh: '三个节点启动' },
} as const;

/** More than any story publishes. */
const ALL = 1000;

export const bugByRelease = choice(['by-release', 'on', 'off'], 'on', {
  en: 'The bug: on, off, or as the chosen release has it.',
  zh: '这个缺陷：打开、关闭，或者由所选版本决定。',
});

const mirroredReleases = ['rabbitmq-3.8', 'rabbitmq-3.12', 'rabbitmq-3.13'] as const;

/** The releases that have mirrored queues. */
export const mirroredProfileKnob = (first: (typeof mirroredReleases)[number]) =>
  choice(mirroredReleases, first, {
    en: 'The release; since 4.0 there are no mirrored queues.',
    zh: '版本；4.0 起不再有镜像队列。',
  });

/** The first step of every story. */
export function nodesStart(count: keyof typeof NODES_START): Step<Told> {
  return {
    id: 'start',
    title: NODES_START[count],
    until: ({ rabbit }) => rabbit.allRunning,
    timeLimitMs: 60_000,
  };
}

/** The step that declares, and adds who publishes. */
export function declared<W extends Told>(
  title: Step<W>['title'],
  declare: (world: W) => void,
): Step<W> {
  return {
    id: 'declare',
    title,
    do: declare,
    until: ({ rabbit }) => rabbit.allDeclared && rabbit.allConnected,
    timeLimitMs: 30_000,
  };
}

/** The step that publishes until all is told. */
export function published<W extends Told>(
  title: Step<W>['title'],
  publish: (world: W) => void,
): Step<W> {
  return {
    id: 'publish',
    title,
    do: publish,
    until: ({ rabbit }) => rabbit.allTold,
    timeLimitMs: 30_000,
  };
}

/** A policy of mirrors for all queues. */
export function mirrors(definition: Policy['definition']): Policy {
  return { name: 'ha', pattern: '', definition, priority: 0, applyTo: 'queues' };
}

/** Persistent messages to a queue. */
export const persistentTo = (routingKey: string, count: number) =>
  ({ routingKey, count, properties: { deliveryMode: 2 } }) as const;

/** Ids of what publishers were told is confirmed. */
export function confirmed({ history }: Pick<Lab, 'history'>): readonly string[] {
  return history.sent.filter(({ outcome }) => outcome === 'acknowledged').map(({ id }) => id);
}

/** How many were confirmed, and of them how many the end of the run has not. */
export function confirmedAndLost(of: Pick<Lab, 'history'>) {
  const ids = confirmed(of);
  const left = new Set((of.history.final ?? []).map(({ id }) => id));
  return { confirmed: ids.length, lost: ids.filter((id) => !left.has(id)).length };
}

/** Something was taken out of it. */
const isRead = ({ gone }: QueueView): boolean => Object.values(gone).some((count) => count > 0);

/**
 * What the leaders of the queues have together; null: a node is down, a queue has no leader at the
 * moment, or is being read to its end.
 */
function present(rabbit: RabbitCluster, queues: readonly string[]): ReadonlySet<string> | null {
  if (!rabbit.allRunning) return null;
  const all = new Set<string>();
  for (const name of queues) {
    const views = rabbit.nodeNames.flatMap((_, place) => rabbit.queue(name, place + 1, ALL) ?? []);
    if (views.length === 0 || views.some(isRead)) return null;
    for (const { messages } of views) for (const { id } of messages) all.add(id);
  }
  return all;
}

/** R1 as it holds whatever happened: what was confirmed is in one of the queues. */
export function watchConfirmed(lab: Lab, rabbit: RabbitCluster, queues: readonly string[]): void {
  lab.invariant('R1', 'always', () => {
    const there = present(rabbit, queues);
    const missing = there === null ? [] : confirmed(lab).filter((id) => !there.has(id));
    if (missing.length === 0) return null;
    return `${missing.join(', ')} were confirmed, and no node has them in ${queues.join(', ')}`;
  });
}
