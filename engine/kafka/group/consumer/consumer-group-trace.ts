/**
 * What groups of the consumer protocol (KIP-848) tell the trace, and the sentences for it.
 *
 * Not here: groups of the classic protocol (`group-trace.ts`).
 */
import { traceKind } from '../../../kernel/ports.ts';
import type { Narration } from '../../narration.ts';

/** A group or a target went to a new epoch. */
export const groupEpochTrace = traceKind('consumer-group-epoch', {
  group: 'string',
  epoch: 'int',
  members: 'int',
  reason: 'string',
});

/** A member was refused: it has to join anew, or is not known. */
export const memberFencedTrace = traceKind('consumer-group-fenced', {
  group: 'string',
  member: 'string',
  epoch: 'int',
  error: 'string',
});

export const consumerGroupNarration: Narration = {
  'consumer-group-epoch': {
    en: (e) =>
      `${e['host']} takes group ${e['group']} to epoch ${e['epoch']}, ` +
      `for ${e['members']} members: ${e['reason']}.`,
    zh: (e) =>
      `${e['host']} 把消费组 ${e['group']} 推进到纪元 ${e['epoch']}（${e['members']} 个成员）。`,
  },
  'consumer-group-fenced': {
    en: (e) =>
      `${e['host']} refuses the heartbeat of ${e['member']} (epoch ${e['epoch']}) in group ` +
      `${e['group']}: ${e['error']}.`,
    zh: (e) =>
      `${e['host']} 拒绝消费组 ${e['group']} 中 ${e['member']}（纪元 ${e['epoch']}）的心跳：${e['error']}。`,
  },
};
