/**
 * The error codes of ZooKeeper, by the names in its documents.
 * Source: `org.apache.zookeeper.KeeperException.Code`.
 */
export const ZkError = {
  OK: 0,
  CONNECTIONLOSS: -4,
  MARSHALLINGERROR: -5,
  UNIMPLEMENTED: -6,
  OPERATIONTIMEOUT: -7,
  BADARGUMENTS: -8,
  RUNTIMEINCONSISTENCY: -2,
  NONODE: -101,
  BADVERSION: -103,
  NOCHILDRENFOREPHEMERALS: -108,
  NODEEXISTS: -110,
  NOTEMPTY: -111,
  SESSIONEXPIRED: -112,
  SESSIONMOVED: -118,
} as const;

export type ZkErrorCode = number;

const names = new Map<number, string>(Object.entries(ZkError).map(([name, code]) => [code, name]));

/** The name of a code, or the code itself where it is none of ours. */
export function zkErrorName(code: ZkErrorCode): string {
  return names.get(code) ?? `error ${code}`;
}
