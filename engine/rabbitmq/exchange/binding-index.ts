/**
 * What an exchange's type makes of its bindings: which of them a message takes.
 *
 * Not here: where a message goes on from there (`route.ts`).
 */
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import type { FieldTable } from '../../wire/amqp/field-table.ts';
import type { Message } from '../message.ts';
import type { Binding, Destination } from './binding.ts';

export interface BindingIndex {
  /** A binding that is not there yet. */
  add(binding: Binding): void;
  /** A binding that is there. */
  remove(binding: Binding): void;
  /** Calls `take` for each destination that the message goes to, perhaps more than once. */
  match(message: Message, take: (destination: Destination) => void): void;
}

/** A type of exchange. */
export interface ExchangeType {
  makeIndex(): BindingIndex;
  /** A 406 for arguments that a binding of this type cannot have. */
  checkBinding(args: FieldTable): AmqpError | null;
}
