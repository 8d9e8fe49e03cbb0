/**
 * What quorum queues tell the trace, and the sentences for it in English and Chinese.
 *
 * Not here: their members' roles and logs (`ra/ra-trace.ts`).
 */
import { traceKind } from '../../kernel/ports.ts';

/** The node of the leader has heard that all queues have a dead letter: the source drops it. */
export const deadLettersConfirmedKind = traceKind('dead-letters-confirmed', {
  queue: 'string',
  count: 'int',
});

/** A node puts a message into the log of a quorum queue, as the publisher's number so and so. */
export const quorumEnqueueKind = traceKind('quorum-enqueue', { queue: 'string', seq: 'int' });

/** A majority has it: the publisher may be told. */
export const quorumConfirmKind = traceKind('quorum-confirm', { queue: 'string', seq: 'int' });

type Entry = Readonly<Record<string, unknown>>;

export const quorumNarration = {
  'dead-letters-confirmed': {
    en: ({ queue }: Entry) => `All queues have a dead letter of ${queue}, which may drop it now`,
    zh: ({ queue }: Entry) => `${queue} 的一封死信已被所有目标队列收下，现在可以丢弃`,
  },
  'quorum-enqueue': {
    en: ({ host, queue, seq }: Entry) => `${host} sends message ${seq} to the leader of ${queue}`,
    zh: ({ host, queue, seq }: Entry) => `${host} 把第 ${seq} 条消息发给 ${queue} 的 leader`,
  },
  'quorum-confirm': {
    en: ({ host, queue, seq }: Entry) =>
      `A majority of ${queue} has message ${seq} of ${host} on its disks`,
    zh: ({ host, queue, seq }: Entry) =>
      `${queue} 的多数副本已把 ${host} 的第 ${seq} 条消息写到磁盘`,
  },
};
