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
import type { FifoConsumer } from './fifo-consumer.ts';
import type { RabbitFifo } from './rabbit-fifo.ts';
import type { ReadyList } from './ready-list.ts';

export function quorumQueueView(
  name: string,
  machine: RabbitFifo,
  messagesMax: number = MESSAGES_SHOWN_MAX,
): QueueView {
  const { ready, consumers, enqueued } = machine.parts;
  const { served } = consumers;
  // Checkers ask for numbers alone, after each event.
  const messages = messagesMax === 0 ? [] : messagesOf(ready, served, messagesMax);
  assert(messages.length <= messagesMax, 'as many as are shown', { name });
  return {
    ...{ name, type: 'quorum', durable: true, messages },
    ready: ready.length,
    unacknowledged: consumers.checkedOutCount,
    consumers: served.length,
    gone: { ...machine.gone },
    published: enqueued,
  };
}

function messagesOf(
  ready: ReadyList,
  served: readonly FifoConsumer[],
  messagesMax: number,
): readonly MessageView[] {
  assert(messagesMax > 0, 'some are shown', { messagesMax });
  const messages: MessageView[] = [];
  for (const { checkedOut } of served) {
    for (const of of checkedOut.values()) {
      if (messages.length < messagesMax) messages.push(viewOf(of, true));
    }
  }
  for (const of of ready.first(messagesMax - messages.length)) {
    messages.push(viewOf(of, false));
  }
  return messages;
}

function viewOf({ message: term, acquiredCount }: FifoMessage, isUnacknowledged: boolean) {
  const message = messageOfTerm(term);
  const priority = message.properties.priority ?? 0;
  return messageView({ message, delivered: acquiredCount > 0, priority }, isUnacknowledged);
}
