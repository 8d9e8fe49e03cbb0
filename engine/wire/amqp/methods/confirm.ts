/**
 * Class confirm (85): the server acknowledges what it has taken charge of. An extension of
 * RabbitMQ.
 */
import { bit, method } from '../grammar.ts';

export const confirmMethods = {
  'confirm.select': method([85, 10], 'confirm.select', { noWait: bit() }, { from: 'client' }),
  'confirm.select-ok': method([85, 11], 'confirm.select-ok', {}, { from: 'server' }),
} as const;
