/**
 * What Ra servers tell the trace, and the sentences for it in English and Chinese.
 *
 * Not here: the transitions of their roles (`consensus/raft.machine.ts`).
 */
import { traceKind } from '../../kernel/ports.ts';

/** A member changed its role, term or leader; an empty text: no leader is known. */
export const raRoleKind = traceKind('ra-role', {
  cluster: 'string',
  role: 'string',
  term: 'int',
  leader: 'string',
});

/** All below is committed, as far as this member knows, and applied. */
export const raAppliedKind = traceKind('ra-applied', { cluster: 'string', to: 'int' });

/** A snapshot was `written` here, or `installed` from the leader's. */
export const raSnapshotKind = traceKind('ra-snapshot', {
  cluster: 'string',
  endOffset: 'int',
  term: 'int',
  how: 'string',
});

/** One sync of the write-ahead log: how many logs wrote, and how many waited for it. */
export const walSyncedKind = traceKind('ra-wal-synced', { servers: 'int', waiting: 'int' });

type Entry = Readonly<Record<string, unknown>>;

export const raNarration = {
  'ra-role': { en: (entry: Entry) => roleEn(entry), zh: (entry: Entry) => roleZh(entry) },
  'ra-applied': {
    en: ({ host, cluster, to }: Entry) => `${host} has applied the log of ${cluster} up to ${to}`,
    zh: ({ host, cluster, to }: Entry) => `${host} 已把 ${cluster} 的日志应用到 ${to}`,
  },
  'ra-snapshot': {
    en: ({ host, cluster, endOffset, how }: Entry) =>
      how === 'written'
        ? `${host} writes a snapshot of ${cluster} up to ${endOffset}, and drops the log before it`
        : `${host} was too far behind in ${cluster}, and takes over the leader's snapshot up to ` +
          `${endOffset}`,
    zh: ({ host, cluster, endOffset, how }: Entry) =>
      how === 'written'
        ? `${host} 为 ${cluster} 写下截至 ${endOffset} 的快照，丢掉之前的日志`
        : `${host} 在 ${cluster} 中落后太多，改装 leader 截至 ${endOffset} 的快照`,
  },
  'ra-wal-synced': {
    en: ({ host, servers, waiting }: Entry) =>
      `${host} syncs its write-ahead log: ${servers} logs wrote, ${waiting} waited for it`,
    zh: ({ host, servers, waiting }: Entry) =>
      `${host} 把预写日志落盘：${servers} 个日志写过，${waiting} 个在等`,
  },
};

function roleEn({ host, cluster, role, term, leader }: Entry): string {
  const at = `${String(cluster)} in term ${String(term)}`;
  switch (role) {
    case 'Leader':
      return `${String(host)} is elected leader of ${at}`;
    case 'Follower':
      return `${String(host)} follows ${String(leader)} in ${at}`;
    case 'Prospective':
      return `${String(host)} asks whether it would be elected leader of ${at} (pre-vote)`;
    case 'Candidate':
      return `${String(host)} stands for election as leader of ${at}`;
    case 'Voted':
      return `${String(host)} has given its vote for ${at}`;
    case 'Resigned':
      return `${String(host)} resigns as leader of ${at}`;
    default:
      return `${String(host)} knows no leader of ${at}`;
  }
}

function roleZh({ host, cluster, role, term, leader }: Entry): string {
  const at = `${String(cluster)} 的任期 ${String(term)}`;
  switch (role) {
    case 'Leader':
      return `${String(host)} 当选 ${at} 的 leader`;
    case 'Follower':
      return `${String(host)} 在 ${at} 跟随 ${String(leader)}`;
    case 'Prospective':
      return `${String(host)} 探问自己能否当选 ${at} 的 leader（预投票）`;
    case 'Candidate':
      return `${String(host)} 在 ${at} 参选`;
    case 'Voted':
      return `${String(host)} 在 ${at} 已投票`;
    case 'Resigned':
      return `${String(host)} 辞去 ${at} 的 leader`;
    default:
      return `${String(host)} 不知道 ${at} 由谁领导`;
  }
}
