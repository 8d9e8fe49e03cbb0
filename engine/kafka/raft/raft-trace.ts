/**
 * What a controller of a quorum tells the trace, and the sentences for it in English and Chinese.
 *
 * Not here: what every controller tells (`controller/controller-trace.ts`).
 */
import { traceKind } from '../../kernel/ports.ts';
import type { Narration } from '../narration.ts';

/** A member of the quorum changed its role, term or leader; -1: no leader is known. */
export const quorumRoleKind = traceKind('quorum-role', {
  controller: 'int',
  role: 'string',
  epoch: 'int',
  leader: 'int',
});

/** The active controller decides no more; what was under way ends with NOT_CONTROLLER. */
export const controllerRenouncedKind = traceKind('controller-renounced', {
  controller: 'int',
  epoch: 'int',
  refused: 'int',
});

/** A snapshot of the metadata log was `generated` here, or `installed` from the leader's. */
export const metadataSnapshotKind = traceKind('metadata-snapshot', {
  controller: 'int',
  endOffset: 'int',
  epoch: 'int',
  how: 'string',
});

type Entry = Readonly<Record<string, unknown>>;

export const raftNarration: Narration = {
  'quorum-role': { en: (e) => roleEn(e), zh: (e) => roleZh(e) },
  'controller-renounced': {
    en: (e) =>
      `Controller ${e['controller']} renounces epoch ${e['epoch']}: it decides nothing more; ` +
      `requests that end with NOT_CONTROLLER: ${e['refused']}.`,
    zh: (e) =>
      `控制器 ${e['controller']} 放弃纪元 ${e['epoch']}：不再做任何决定，` +
      `${e['refused']} 个请求以 NOT_CONTROLLER 结束。`,
  },
  'metadata-snapshot': {
    en: (e) =>
      e['how'] === 'generated'
        ? `Controller ${e['controller']} writes a snapshot of the metadata log up to offset ` +
          `${e['endOffset']}.`
        : `Controller ${e['controller']} was too far behind for the log, and takes over the ` +
          `leader's snapshot up to offset ${e['endOffset']}.`,
    zh: (e) =>
      e['how'] === 'generated'
        ? `控制器 ${e['controller']} 为元数据日志写快照，截至偏移量 ${e['endOffset']}。`
        : `控制器 ${e['controller']} 落后太多，改装 leader 的快照，` +
          `截至偏移量 ${e['endOffset']}。`,
  },
};

function roleEn(e: Entry): string {
  const who = `Controller ${String(e['controller'])}`;
  const epoch = `epoch ${String(e['epoch'])}`;
  switch (e['role']) {
    case 'Leader':
      return `${who} is elected leader of the metadata quorum in ${epoch}.`;
    case 'Follower':
      return `${who} follows controller ${String(e['leader'])} in ${epoch}.`;
    case 'Prospective':
      return `${who} asks whether it would be elected (pre-vote, ${epoch}).`;
    case 'Candidate':
      return `${who} stands for election in ${epoch}.`;
    case 'Voted':
      return `${who} has given its vote in ${epoch}.`;
    case 'Resigned':
      return `${who} resigns as leader of ${epoch}: a majority does not answer, or it stops.`;
    default:
      return `${who} knows no leader in ${epoch}.`;
  }
}

function roleZh(e: Entry): string {
  const who = `控制器 ${String(e['controller'])} `;
  const epoch = `纪元 ${String(e['epoch'])}`;
  switch (e['role']) {
    case 'Leader':
      return `${who}在${epoch} 当选元数据仲裁的 leader。`;
    case 'Follower':
      return `${who}在${epoch} 跟随控制器 ${String(e['leader'])}。`;
    case 'Prospective':
      return `${who}先探问自己能否当选（预投票，${epoch}）。`;
    case 'Candidate':
      return `${who}在${epoch} 参选。`;
    case 'Voted':
      return `${who}在${epoch} 已投票。`;
    case 'Resigned':
      return `${who}辞去${epoch} 的 leader：多数派没有应答，或它要停止。`;
    default:
      return `${who}在${epoch} 不知道谁是 leader。`;
  }
}
