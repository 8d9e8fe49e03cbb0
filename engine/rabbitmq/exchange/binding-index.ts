/**
 * What an exchange's type makes of its bindings: which of them a message takes.
 *
 * Not here: where a message goes on from there (`route.ts`).
 */
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import type { FieldTable } from '../../wire/amqp/field-table.ts';
import type { Message } from '../message.ts';
import type { Binding, Destination } from './binding.ts';
import type { TopicNodeView } from './topic-trie.ts';

/** A name with its value. */
export type FieldEntry = FieldTable[number];

/** What a binding asks of headers. */
export interface AskedPairs {
  /** `all`, `any`, or one of these `-with-x`. */
  readonly kind: string;
  readonly pairs: readonly { readonly entry: FieldEntry; readonly isMet: boolean }[];
}

/** Takes a destination, by the binding that leads there. */
export type Take = (destination: Destination, bindingId: string) => void;

export interface BindingIndex {
  /** A binding that is not there yet. */
  add(binding: Binding): void;
  /** A binding that is there. */
  remove(binding: Binding): void;
  /** Calls `take` for each destination that the message goes to, perhaps more than once. */
  match(message: Message, take: Take): void;
  /** For the views: the trie, with the way to the bindings that were taken. */
  inspectTrie?(taken: ReadonlySet<string>): TopicNodeView;
  /** For the views: what a binding asks of headers, and what of it these have. */
  inspectPairs?(bindingId: string, headers: FieldTable): AskedPairs;
}

/** A type of exchange. */
export interface ExchangeType {
  makeIndex(): BindingIndex;
  /** A 406 for arguments that a binding of this type cannot have. */
  checkBinding(args: FieldTable): AmqpError | null;
}
