/**
 * What is in a playground now, as far as a page offers clicks by it: whom a client can be added to,
 * and which names are taken.
 */
import { topicNames } from '#engine/lab/kafka-state.ts';
import type { Playground } from '#engine/lab/playground/playground.ts';
import type { ClientKind } from '#engine/lab/playground/playground-client.ts';

export interface PlaygroundState {
  /** Null: there is none. */
  readonly topics: readonly string[] | null;
  /** Of Kafka: no partition has more replicas. */
  readonly brokers: number;
  readonly queues: readonly string[] | null;
  /** Exchanges that somebody declared. */
  readonly exchanges: readonly string[];
  readonly clients: readonly { readonly name: string; readonly kind: ClientKind }[];
  /** Clients that were taken away. */
  readonly removed: readonly string[];
}

/** The default exchange, and those that every node has. */
const OWN_EXCHANGE = /^$|^amq\./;

export function playgroundState({ handles, clients, removed }: Playground): PlaygroundState {
  const { kafka, rabbitmq } = handles;
  const nodes = (rabbitmq?.nodeNames ?? []).map((_, place) => place + 1);
  const queues = nodes.flatMap((node) => rabbitmq!.queueNames(node));
  const exchanges = nodes.flatMap((node) => {
    const found = rabbitmq!.node(node)?.vhosts.get('/')?.exchanges.keys() ?? [];
    return [...found].filter((name) => !OWN_EXCHANGE.test(name));
  });
  return {
    topics: kafka === undefined ? null : topicNames(kafka).filter((name) => !name.startsWith('__')),
    brokers: kafka?.nodeIds.length ?? 0,
    queues: rabbitmq === undefined ? null : [...new Set(queues)],
    exchanges: [...new Set(exchanges)],
    clients: clients.map(({ name, kind }) => ({ name, kind })),
    removed,
  };
}
