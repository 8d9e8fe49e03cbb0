/**
 * What a queue is declared with, and what it may ask of the virtual host that it is in.
 */
import type { FieldTable } from '../../wire/amqp/field-table.ts';
import type { Message } from '../message.ts';
import type { DeathReason } from './death.ts';
import type { Publisher, Queue } from './queue.ts';

export interface QueueDeclaration {
  readonly name: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** The connection that alone may use it, and with which it ends; null: not exclusive. */
  readonly exclusiveOwner: string | null;
  readonly arguments: FieldTable;
}

/** Where a message that dies goes to, if that exchange exists. */
export interface DeathNotice {
  readonly reason: DeathReason;
  readonly queue: string;
  readonly exchange: string;
  readonly routingKey: string | null;
}

export interface QueuePorts {
  /** Published to the dead-letter exchange when the call that it comes from has ended. */
  deadLetter(message: Message, notice: DeathNotice): void;
  /**
   * Publishes to the dead-letter exchange now; the publisher hears of each queue that it goes to:
   * how many those are, none where there is no such exchange.
   */
  deadLetterConfirmed(message: Message, notice: DeathNotice, publisher: Publisher): number;
  /** A call has ended: the queue is in order. */
  ended(): void;
  /** An auto-delete queue lost its last consumer. */
  unused(queue: Queue): void;
  /** x-expires is over. */
  expired(queue: Queue): void;
}
