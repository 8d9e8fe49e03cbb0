/**
 * What there is in a virtual host, as `rabbitmqctl list_queues` and `list_exchanges` ask for, and
 * what a node's channels do, as `list_channels` does: what each holds, and what it counted.
 *
 * Not here: the views of connections (`connection/connection-view.ts`); how a column is printed.
 * Differs: of a queue whose process is on another node nothing is known but its declaration.
 */
import type { AmqpListener } from '../connection/amqp-listener.ts';
import type { ExchangeDeclaration } from '../exchange/exchange.ts';
import type { QueueHoldings, QueueType } from '../queue/queue.ts';
import type { QueueDeclaration } from '../queue/queue-ports.ts';
import type { VirtualHost } from '../vhost/virtual-host.ts';
import type { MessageStatsView } from './message-stats.ts';

interface QueueInfo {
  readonly declaration: QueueDeclaration;
  readonly type: QueueType;
  /** Null: its process is not on this node. */
  readonly holdings: QueueHoldings | null;
  readonly messageStats: MessageStatsView;
}

interface ExchangeInfo {
  readonly declaration: ExchangeDeclaration;
  /** How many bindings begin at it. */
  readonly bindings: number;
  readonly messageStats: MessageStatsView;
}

/** In the order of declaration. */
export function listQueues({ queues, statistics }: VirtualHost): readonly QueueInfo[] {
  return [...queues.values()].map(({ declaration, type, holdings = null }) => ({
    ...{ declaration, type, holdings },
    messageStats: statistics.inspect('queue', declaration.name),
  }));
}

/** In the order of declaration; those that every virtual host has come first. */
export function listExchanges({ exchanges, statistics }: VirtualHost): readonly ExchangeInfo[] {
  return [...exchanges.values()].map(({ declaration, bindings }) => ({
    ...{ declaration, bindings: bindings.size },
    messageStats: statistics.inspect('exchange', declaration.name),
  }));
}

/** What is asked of a channel by `list_channels`. */
interface ChannelInfo {
  /** `rabbit-1.1.3 (2)`: the connection and the channel's number. */
  readonly name: string;
  readonly user: string;
  readonly state: 'running' | 'flow';
  readonly consumers: number;
  readonly messagesUnacknowledged: number;
  readonly messageStats: MessageStatsView;
}

/** Channels that are open, by connection. */
export function listChannels({ connections }: AmqpListener): readonly ChannelInfo[] {
  return connections.flatMap(({ identity, channels }) =>
    channels.flatMap(({ number, info }) =>
      info === null ? [] : [{ name: `${identity.id} (${number})`, user: identity.user, ...info }],
    ),
  );
}
