/** What the trace is told of nodes that join or begin anew, and the sentences of it. */
import { traceKind } from '../../../kernel/ports.ts';

/** The node is a member of a cluster from now on, and has its tables. */
export const joinedKind = traceKind('cluster-joined', { nodes: 'string' });
/** All that was on the node's disk is gone. */
export const wipedKind = traceKind('node-wiped', {});

type Entry = Readonly<Record<string, unknown>>;

export const membershipNarration = {
  'cluster-joined': {
    en: (e: Entry) => `${e['host']} is in a cluster with ${String(e['nodes'])}.`,
    zh: (e: Entry) => `${e['host']} 加入了由 ${String(e['nodes'])} 组成的集群。`,
  },
  'node-wiped': {
    en: (e: Entry) => `${e['host']} begins anew, with an empty disk and alone.`,
    zh: (e: Entry) => `${e['host']} 清空磁盘，重新成为单独的节点。`,
  },
};
