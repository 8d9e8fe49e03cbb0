/**
 * What connections tell the trace besides their machines' transitions, and its sentence.
 */
import { traceKind } from '../../kernel/ports.ts';
import type { Narration } from '../narration.ts';

/** A hard error or a soft one: `channel` is 0 where it is the connection's own. */
export const amqpErrorKind = traceKind('amqp-error', {
  client: 'string',
  channel: 'int',
  replyCode: 'int',
  replyText: 'string',
  method: 'string',
});

export const connectionNarration: Narration = {
  'amqp-error': {
    en: ({ host, client, replyCode, replyText }) =>
      `${host} refuses ${client}: ${replyCode} ${replyText}`,
    zh: ({ host, client, replyCode, replyText }) =>
      `${host} 拒绝 ${client}：${replyCode} ${replyText}`,
  },
};
