/**
 * Erlang's process identifiers, as RabbitMQ's tools print and take them:
 * `<rabbit@rabbit-1.1.12.0>` is the twelfth of the first life of that node.
 *
 * Ours are made up of what a process is known by, so that the same process has always the same.
 * Not here: what the processes do.
 */
import { assert } from '../../kernel/assert.ts';
import type { AmqpConnection } from '../../rabbitmq/connection/connection.ts';
import { nodeNameOf } from './invocation.ts';

/** Identifiers between a connection's and the next one's: its channels have these. */
const APART = 3000;
/** Connections begin here, queues before. */
const FIRST_CONNECTION = 1_000_000;

function pid(host: string, life: number, number: number): string {
  assert(life > 0 && number > 0, 'counted from one', { life, number });
  return `<${nodeNameOf(host)}.${life}.${number}.0>`;
}

/** Of a connection; of one of its channels, with the channel's number. */
export function connectionPid({ identity }: AmqpConnection, channel = 0): string {
  const [life, count] = identity.id.split('.').slice(-2).map(Number);
  assert(life !== undefined && count !== undefined, 'a connection is counted', { identity });
  const host = identity.id.split('.').slice(0, -2).join('.');
  return pid(host, life, FIRST_CONNECTION + count * APART + channel);
}

/** Of a queue's process on its leader's node, by its place among the queues there. */
export function queuePid(host: string, life: number, place: number): string {
  return pid(host, life, 1 + place);
}

/** Whether a text is an identifier at all. */
export function isPid(text: string): boolean {
  return /^<[\w-]+@[\w-]+\.\d+\.\d+\.\d+>$/.test(text);
}
