/**
 * Which protocol headers a broker goes on with. Not here: what it answers to others, and to bytes
 * that are no header (`connection.ts`). Source: `rabbit_reader:handle_input`, its handshake.
 */
import type { ProtocolHeader } from '../../wire/amqp/command.ts';

/** 0-9-1, and 0-9, which is the same for our purpose. */
export function isSupported({ id, major, minor, revision }: ProtocolHeader): boolean {
  const is091 = id === 0 && major === 0 && minor === 9 && revision === 1;
  return is091 || (id === 1 && major === 1 && minor === 0 && revision === 9);
}
