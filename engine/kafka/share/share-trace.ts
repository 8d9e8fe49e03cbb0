/** What share groups tell the trace (KIP-932), and the sentences for it. */
import { traceKind } from '../../kernel/ports.ts';
import type { Narration } from '../narration.ts';

/** The leader hands records to a member, for the time of the acquisition lock. */
export const recordsAcquiredTrace = traceKind('share-acquired', {
  group: 'string',
  partition: 'string',
  member: 'string',
  firstOffset: 'int',
  lastOffset: 'int',
  deliveryCount: 'int',
});

/** Records that were acquired are free again, or given up, without an acknowledgement. */
export const recordsReleasedTrace = traceKind('share-released', {
  group: 'string',
  partition: 'string',
  member: 'string',
  records: 'int',
  reason: 'string',
});

/** A member's acknowledgement took effect, or was refused. */
export const recordsAcknowledgedTrace = traceKind('share-acknowledged', {
  group: 'string',
  partition: 'string',
  member: 'string',
  records: 'int',
  startOffset: 'int',
  error: 'string',
});

/** The state of a share-partition was read by its leader. */
export const sharePartitionReadTrace = traceKind('share-partition-read', {
  group: 'string',
  partition: 'string',
  startOffset: 'int',
  error: 'string',
});

const offsets = (e: Readonly<Record<string, unknown>>): string =>
  e['firstOffset'] === e['lastOffset']
    ? `${e['partition']}@${e['firstOffset']}`
    : `${e['partition']}@${e['firstOffset']}-${e['lastOffset']}`;
const isRefused = (e: Readonly<Record<string, unknown>>): boolean => e['error'] !== 'NONE';

export const shareGroupNarration: Narration = {
  'share-acquired': {
    en: (e) =>
      `${e['host']} lets ${e['member']} acquire ${offsets(e)} for group ${e['group']}, ` +
      `delivery ${e['deliveryCount']}.`,
    zh: (e) =>
      `${e['host']} 让 ${e['member']} 获取 ${offsets(e)}` +
      `（共享组 ${e['group']}，第 ${e['deliveryCount']} 次投递）。`,
  },
  'share-released': {
    en: (e) => `${e['host']} takes back ${e['records']} records of ${e['member']}: ${e['reason']}.`,
    zh: (e) => `${e['host']} 收回 ${e['member']} 的 ${e['records']} 条记录：${e['reason']}。`,
  },
  'share-acknowledged': {
    en: (e) =>
      isRefused(e)
        ? `${e['host']} refuses an acknowledgement of ${e['member']}: ${e['error']}.`
        : `${e['host']} has the acknowledgement of ${e['records']} records by ${e['member']}; ` +
          `${e['partition']} is done below ${e['startOffset']}.`,
    zh: (e) =>
      isRefused(e)
        ? `${e['host']} 拒绝 ${e['member']} 的确认：${e['error']}。`
        : `${e['host']} 记下 ${e['member']} 对 ${e['records']} 条记录的确认；` +
          `${e['partition']} 在 ${e['startOffset']} 之前都已处理完。`,
  },
  'share-partition-read': {
    en: (e) =>
      isRefused(e)
        ? `${e['host']} cannot read the state of ${e['partition']} for group ${e['group']}: ` +
          `${e['error']}.`
        : `${e['host']} leads ${e['partition']} for share group ${e['group']} from ` +
          `${e['startOffset']}.`,
    zh: (e) =>
      isRefused(e)
        ? `${e['host']} 读不到共享组 ${e['group']} 在 ${e['partition']} 的状态：${e['error']}。`
        : `${e['host']} 从 ${e['startOffset']} 起为共享组 ${e['group']} 主管 ${e['partition']}。`,
  },
};
