/**
 * What a member of a quorum queue holds: in numbers, as its leader is asked for by a listing, and
 * in its node's memory.
 *
 * Until 3.9 each member has all messages in memory; since 3.10 their bodies are on disk only, and
 * of each 32 bytes of metadata stay. Sources: `rabbit_quorum_queue:i`, `rabbit_fifo:overview`;
 * rabbitmq.com/docs/quorum-queues, "Memory use". Differs: what waits in the write-ahead log's table
 * is not counted; no consumer_capacity is kept.
 */
import { assert } from '../../kernel/assert.ts';
import type { QueueHoldings } from '../queue/queue.ts';
import type { RabbitFifo } from './rabbit-fifo.ts';

const METADATA_BYTES = 32;

export function quorumHoldings(machine: RabbitFifo): QueueHoldings {
  const { ready, consumers } = machine.parts;
  let messageBytesUnacknowledged = 0;
  for (const { checkedOut } of consumers.served) {
    for (const { bytes } of checkedOut.values()) messageBytesUnacknowledged += bytes;
  }
  assert(ready.bytes >= 0, 'bytes are counted', { bytes: ready.bytes });
  return {
    messagesReady: ready.length,
    messagesUnacknowledged: consumers.checkedOutCount,
    messageBytesReady: ready.bytes,
    messageBytesUnacknowledged,
    consumers: consumers.served.length,
    consumerCapacity: 0,
  };
}

/** Bytes of its node's memory, on each member alike. */
export function quorumMemoryBytes(machine: RabbitFifo, hasBodies: boolean): number {
  const { messagesReady, messagesUnacknowledged, ...bytes } = quorumHoldings(machine);
  const metadata = METADATA_BYTES * (messagesReady + messagesUnacknowledged);
  if (!hasBodies) return metadata;
  return metadata + bytes.messageBytesReady + bytes.messageBytesUnacknowledged;
}
