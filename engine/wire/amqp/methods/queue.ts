/**
 * Class queue (50): where messages wait.
 */
import { bit, long, method, short, shortstr, table } from '../grammar.ts';

export const queueMethods = {
  'queue.declare': method(
    [50, 10],
    'queue.declare',
    {
      ticket: short(),
      queue: shortstr(),
      passive: bit(),
      durable: bit(),
      exclusive: bit(),
      autoDelete: bit(),
      noWait: bit(),
      arguments: table(),
    },
    { from: 'client' },
  ),
  'queue.declare-ok': method(
    [50, 11],
    'queue.declare-ok',
    { queue: shortstr(), messageCount: long(), consumerCount: long() },
    { from: 'server' },
  ),
  'queue.bind': method(
    [50, 20],
    'queue.bind',
    {
      ticket: short(),
      queue: shortstr(),
      exchange: shortstr(),
      routingKey: shortstr(),
      noWait: bit(),
      arguments: table(),
    },
    { from: 'client' },
  ),
  'queue.bind-ok': method([50, 21], 'queue.bind-ok', {}, { from: 'server' }),
  'queue.purge': method(
    [50, 30],
    'queue.purge',
    { ticket: short(), queue: shortstr(), noWait: bit() },
    { from: 'client' },
  ),
  'queue.purge-ok': method(
    [50, 31],
    'queue.purge-ok',
    { messageCount: long() },
    { from: 'server' },
  ),
  'queue.delete': method(
    [50, 40],
    'queue.delete',
    { ticket: short(), queue: shortstr(), ifUnused: bit(), ifEmpty: bit(), noWait: bit() },
    { from: 'client' },
  ),
  'queue.delete-ok': method(
    [50, 41],
    'queue.delete-ok',
    { messageCount: long() },
    { from: 'server' },
  ),
  'queue.unbind': method(
    [50, 50],
    'queue.unbind',
    {
      ticket: short(),
      queue: shortstr(),
      exchange: shortstr(),
      routingKey: shortstr(),
      arguments: table(),
    },
    { from: 'client' },
  ),
  'queue.unbind-ok': method([50, 51], 'queue.unbind-ok', {}, { from: 'server' }),
} as const;
