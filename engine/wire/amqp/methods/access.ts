/**
 * Class access (30): gone since AMQP 0-9, but still answered by RabbitMQ, with ticket 1.
 */
import { bit, method, short, shortstr } from '../grammar.ts';

export const accessMethods = {
  'access.request': method(
    [30, 10],
    'access.request',
    {
      realm: shortstr('/data'),
      exclusive: bit(),
      passive: bit(true),
      active: bit(true),
      write: bit(true),
      read: bit(true),
    },
    { from: 'client' },
  ),
  'access.request-ok': method(
    [30, 11],
    'access.request-ok',
    { ticket: short(1) },
    { from: 'server' },
  ),
} as const;
