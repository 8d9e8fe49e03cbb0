/**
 * The sentences of a group member's trace entries, in English and Chinese. The kinds:
 * `group-consumer-trace.ts`; what every consumer tells: `client/narration.ts`; what the
 * coordinator tells: `kafka/group/group-trace.ts`.
 */
import type { Narration, NarrationEntry } from '../../../narration.ts';

const isFound = (e: NarrationEntry): boolean => Number(e['broker']) >= 0;
const listEn = (text: unknown): string => (text === '' ? 'nothing' : String(text));
const listZh = (text: unknown): string => (text === '' ? '无' : String(text));

export const groupConsumerNarration: Narration = {
  'member-coordinator': {
    en: (e) =>
      isFound(e)
        ? `${e['host']} hears that broker ${e['broker']} coordinates group ${e['group']}.`
        : `${e['host']} looks for the coordinator of group ${e['group']} (${e['reason']}).`,
    zh: (e) =>
      isFound(e)
        ? `${e['host']} 得知消费组 ${e['group']} 的协调者是 Broker ${e['broker']}。`
        : `${e['host']} 重新寻找消费组 ${e['group']} 的协调者（${e['reason']}）。`,
  },
  'member-join': {
    en: (e) =>
      `${e['host']} asks to join group ${e['group']}` +
      `${e['reason'] === '' ? '' : `: ${e['reason']}`}.`,
    zh: (e) => `${e['host']} 请求加入消费组 ${e['group']}（JoinGroup）。`,
  },
  'member-joined': {
    en: (e) =>
      `${e['host']} is in generation ${e['generation']} of group ${e['group']}` +
      `${e['leads'] === true ? ` as its leader, and assigns by ${e['protocol']}` : ''}.`,
    zh: (e) =>
      `${e['host']} 进入消费组 ${e['group']} 的第 ${e['generation']} 代` +
      `${e['leads'] === true ? `，担任 leader，按 ${e['protocol']} 分配` : ''}。`,
  },
  'partitions-assigned': {
    en: (e) =>
      `${e['host']} has ${listEn(e['partitions'])} in generation ${e['generation']}` +
      `${e['added'] === e['partitions'] ? '' : ` (new: ${listEn(e['added'])})`}.`,
    zh: (e) =>
      `${e['host']} 在第 ${e['generation']} 代拥有 ${listZh(e['partitions'])}` +
      `${e['added'] === e['partitions'] ? '' : `（新增：${listZh(e['added'])}）`}。`,
  },
  'partitions-revoked': {
    en: (e) => `${e['host']} gives up ${e['partitions']}.`,
    zh: (e) => `${e['host']} 交出 ${e['partitions']}。`,
  },
  'partitions-lost': {
    en: (e) =>
      `${e['host']} hears that it is out of the group: ${e['partitions']} went to others ` +
      `meanwhile.`,
    zh: (e) => `${e['host']} 得知自己已被移出消费组：${e['partitions']} 已归他人。`,
  },
  'member-leave': {
    en: (e) => `${e['host']} leaves group ${e['group']}: ${e['reason']}`,
    zh: (e) =>
      `${e['host']} 主动离开消费组 ${e['group']}` +
      `${String(e['reason']).includes('poll') ? '：两次 poll 的间隔超过 max.poll.interval.ms' : ''}。`,
  },
  'member-refused': {
    en: (e) => `${e['host']} hears ${e['error']} to its ${e['request']}.`,
    zh: (e) => `${e['host']} 的 ${e['request']} 收到 ${e['error']}。`,
  },
  'commit-failed': {
    en: (e) => `${e['host']} could not commit for group ${e['group']}: ${e['error']}.`,
    zh: (e) => `${e['host']} 为消费组 ${e['group']} 提交位移失败：${e['error']}。`,
  },
};
