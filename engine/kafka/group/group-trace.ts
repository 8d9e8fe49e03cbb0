/**
 * What the group coordinator tells the trace, and the sentences for it.
 *
 * Not here: the groups' machines (`kernel/machine.ts`), loading (`coordinator/`).
 */
import { traceKind } from '../../kernel/ports.ts';
import { coordinatorNarration } from '../coordinator/coordinator-trace.ts';
import type { Narration } from '../narration.ts';

/** All members of a group have to join again. */
export const groupRebalanceKind = traceKind('group-rebalance', {
  group: 'string',
  generation: 'int',
  members: 'int',
  reason: 'string',
});

/** The join phase is over: a generation begins. */
export const groupGenerationKind = traceKind('group-generation', {
  group: 'string',
  generation: 'int',
  members: 'int',
  leader: 'string',
  protocol: 'string',
});

/** The leader's assignment is in the log and goes to the members. */
export const groupAssignedKind = traceKind('group-assigned', {
  group: 'string',
  generation: 'int',
  members: 'int',
});

/** A member is gone: it left, was silent, or another took its place. */
export const groupMemberGoneKind = traceKind('group-member-gone', {
  group: 'string',
  member: 'string',
  reason: 'string',
});

/** Somebody outside the current generation was refused. */
export const groupFencedKind = traceKind('group-fenced', {
  group: 'string',
  member: 'string',
  generation: 'int',
  request: 'string',
  error: 'string',
});

/** An offset was committed: it is on all in-sync replicas. */
export const offsetCommittedKind = traceKind('offset-committed', {
  group: 'string',
  partition: 'string',
  offset: 'int',
  member: 'string',
  generation: 'int',
});

export const groupNarration: Narration = {
  ...coordinatorNarration,
  'group-rebalance': {
    en: (e) =>
      `${e['host']} has the ${e['members']} members of group ${e['group']} join again: ` +
      `${e['reason']}.`,
    zh: (e) => `${e['host']} 让消费组 ${e['group']} 的 ${e['members']} 个成员重新加入。`,
  },
  'group-generation': {
    en: (e) =>
      e['members'] === 0
        ? `Group ${e['group']} has no member in generation ${e['generation']}.`
        : `Group ${e['group']} begins generation ${e['generation']} with ` +
          `${e['members']} members; ${e['leader']} leads and assigns by ${e['protocol']}.`,
    zh: (e) =>
      e['members'] === 0
        ? `消费组 ${e['group']} 第 ${e['generation']} 代没有成员。`
        : `消费组 ${e['group']} 进入第 ${e['generation']} 代，共 ${e['members']} 个成员，` +
          `由 ${e['leader']} 按 ${e['protocol']} 分配分区。`,
  },
  'group-assigned': {
    en: (e) =>
      `${e['host']} has the assignment of generation ${e['generation']} of group ${e['group']} ` +
      'in its log and tells the members.',
    zh: (e) => `${e['host']} 已记录消费组 ${e['group']} 第 ${e['generation']} 代的分配并告知成员。`,
  },
  'group-member-gone': {
    en: (e) => `Group ${e['group']} loses member ${e['member']}: ${e['reason']}.`,
    zh: (e) => `消费组 ${e['group']} 失去成员 ${e['member']}。`,
  },
  'group-fenced': {
    en: (e) =>
      `${e['host']} refuses the ${e['request']} of ${e['member']} ` +
      `(generation ${e['generation']}) in group ${e['group']}: ${e['error']}.`,
    zh: (e) =>
      `${e['host']} 拒绝消费组 ${e['group']} 中 ${e['member']}（第 ${e['generation']} 代）的 ` +
      `${e['request']} 请求：${e['error']}。`,
  },
  'offset-committed': {
    en: (e) => `Group ${e['group']} commits offset ${e['offset']} of ${e['partition']}.`,
    zh: (e) => `消费组 ${e['group']} 提交 ${e['partition']} 的位移 ${e['offset']}。`,
  },
};
