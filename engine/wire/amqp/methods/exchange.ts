/**
 * Class exchange (40): where messages are published to.
 *
 * RabbitMQ's extensions: bind and unbind of one exchange to another, auto-delete and internal. The
 * id of unbind-ok is 51, a slip of the extension that clients rely on.
 */
import { bit, method, short, shortstr, table } from '../grammar.ts';

export const exchangeMethods = {
  'exchange.declare': method(
    [40, 10],
    'exchange.declare',
    {
      ticket: short(),
      exchange: shortstr(),
      type: shortstr('direct'),
      passive: bit(),
      durable: bit(),
      autoDelete: bit(),
      internal: bit(),
      noWait: bit(),
      arguments: table(),
    },
    { from: 'client' },
  ),
  'exchange.declare-ok': method([40, 11], 'exchange.declare-ok', {}, { from: 'server' }),
  'exchange.delete': method(
    [40, 20],
    'exchange.delete',
    { ticket: short(), exchange: shortstr(), ifUnused: bit(), noWait: bit() },
    { from: 'client' },
  ),
  'exchange.delete-ok': method([40, 21], 'exchange.delete-ok', {}, { from: 'server' }),
  'exchange.bind': method(
    [40, 30],
    'exchange.bind',
    {
      ticket: short(),
      destination: shortstr(),
      source: shortstr(),
      routingKey: shortstr(),
      noWait: bit(),
      arguments: table(),
    },
    { from: 'client' },
  ),
  'exchange.bind-ok': method([40, 31], 'exchange.bind-ok', {}, { from: 'server' }),
  'exchange.unbind': method(
    [40, 40],
    'exchange.unbind',
    {
      ticket: short(),
      destination: shortstr(),
      source: shortstr(),
      routingKey: shortstr(),
      noWait: bit(),
      arguments: table(),
    },
    { from: 'client' },
  ),
  'exchange.unbind-ok': method([40, 51], 'exchange.unbind-ok', {}, { from: 'server' }),
} as const;
