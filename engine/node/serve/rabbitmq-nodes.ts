/**
 * A RabbitMQ node as a node of a server: it listens on 127.0.0.1 and has the user guest.
 *
 * Not here: starting and stopping (`server.ts`), a cluster of several.
 */
import { assert } from '../../kernel/assert.ts';
import type { Process } from '../../kernel/ports.ts';
import { wholeRabbit } from '../../lab/rabbitmq-whole.ts';
import { metadataStoreOf } from '../../rabbitmq/metadata/metadata-store.ts';
import { createRabbitNode, type RabbitNodeView } from '../../rabbitmq/node.ts';
import type { Profile } from '../../rabbitmq/profiles.ts';
import type { ServedNode } from './served-node.ts';

const LOOPBACK = '127.0.0.1';

export interface RabbitOptions {
  readonly port: number;
  readonly profile: Profile;
}

export function rabbitNodes({ port, profile }: RabbitOptions): readonly ServedNode[] {
  assert(port > 0, 'a port', { port });
  return [
    {
      name: 'rabbit-1',
      advertisedHost: LOOPBACK,
      process: createRabbitNode({
        port,
        profile,
        queueTypes: wholeRabbit.queueTypes,
        metadataStore: metadataStoreOf(profile),
      }),
      listeners: [{ protocol: 'amqp', address: { host: LOOPBACK, port } }],
      stopOrder: 1,
      running: (process: Process) =>
        (process.inspect?.() as RabbitNodeView | undefined)?.state === 'running',
    },
  ];
}
