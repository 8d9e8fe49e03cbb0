/**
 * What the views see of a quorum queue: its numbers and its first messages, as its leader has them.
 */
import { assert } from '../../kernel/assert.ts';
import {
  type MessageView,
  MESSAGES_SHOWN_MAX,
  messageView,
  type QueueView,
} from '../queue/queue-view.ts';
import { type FifoMessage, messageOfTerm } from './fifo-message.ts';
import type { RabbitFifo } from './rabbit-fifo.ts';

export function quorumQueueView(
  name: string,
  machine: RabbitFifo,
  messagesMax: number = MESSAGES_SHOWN_MAX,
): QueueView {
  const { ready, consumers, enqueued } = machine.parts;
  const messages: MessageView[] = [];
  for (const { checkedOut } of consumers.served) {
    for (const of of checkedOut.values()) {
      if (messages.length < messagesMax) messages.push(viewOf(of, true));
    }
  }
  for (const of of ready.first(messagesMax - messages.length)) {
    messages.push(viewOf(of, false));
  }
  assert(messages.length <= messagesMax, 'as many as are shown', { name });
  return {
    ...{ name, type: 'quorum', durable: true, messages },
    ready: ready.length,
    unacknowledged: consumers.checkedOutCount,
    consumers: consumers.served.length,
    gone: { ...machine.gone },
    published: enqueued,
  };
}

function viewOf({ message: term, acquiredCount }: FifoMessage, isUnacknowledged: boolean) {
  const message = messageOfTerm(term);
  const priority = message.properties.priority ?? 0;
  return messageView({ message, delivered: acquiredCount > 0, priority }, isUnacknowledged);
}
