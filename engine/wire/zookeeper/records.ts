/**
 * The records of ZooKeeper's protocol and log, as `zookeeper.jute` declares them.
 *
 * Not here: which operation carries which (`messages.ts`), what they mean (`zookeeper/`).
 */
import { bool, buffer, id64, int, long, record, ustring, vector } from './jute.ts';
import type { JuteValue } from './jute.ts';

export const aclEntry = record({ perms: int, id: record({ scheme: ustring, id: ustring }) });
export type Acl = JuteValue<typeof aclEntry>;

/** Everybody may do everything: what Kafka uses unless it is told otherwise. */
export const OPEN_ACL_UNSAFE: readonly Acl[] = [
  { perms: 31, id: { scheme: 'world', id: 'anyone' } },
];

/** What is known of a znode beside its data. Times are milliseconds since 1970. */
export const stat = record({
  czxid: long,
  mzxid: long,
  ctime: long,
  mtime: long,
  version: int,
  cversion: int,
  aversion: int,
  ephemeralOwner: id64,
  dataLength: int,
  numChildren: int,
  pzxid: long,
});
export type Stat = JuteValue<typeof stat>;

export const connectRequest = record({
  protocolVersion: int,
  lastZxidSeen: long,
  timeOut: int,
  sessionId: id64,
  passwd: buffer,
  readOnly: bool,
});
export type ConnectRequest = JuteValue<typeof connectRequest>;

export const connectResponse = record({
  protocolVersion: int,
  timeOut: int,
  sessionId: id64,
  passwd: buffer,
  readOnly: bool,
});
export type ConnectResponse = JuteValue<typeof connectResponse>;

export const requestHeader = record({ xid: int, type: int });
export const replyHeader = record({ xid: int, zxid: long, err: int });

export const watcherEvent = record({ type: int, state: int, path: ustring });
export type WatcherEvent = JuteValue<typeof watcherEvent>;

export const nothing = record({});
export const pathRecord = record({ path: ustring });
export const statRecord = record({ stat });
export const pathAndWatch = record({ path: ustring, watch: bool });

export const createRequest = record({
  path: ustring,
  data: buffer,
  acl: vector(aclEntry),
  flags: int,
});
export const create2Response = record({ path: ustring, stat });
export const deleteRequest = record({ path: ustring, version: int });
export const setDataRequest = record({ path: ustring, data: buffer, version: int });
export const checkRequest = record({ path: ustring, version: int });
export const getDataResponse = record({ data: buffer, stat });
export const getAclResponse = record({ acl: vector(aclEntry), stat });
export const getChildrenResponse = record({ children: vector(ustring) });
export const getChildren2Response = record({ children: vector(ustring), stat });
export const setWatchesRequest = record({
  relativeZxid: long,
  dataWatches: vector(ustring),
  existWatches: vector(ustring),
  childWatches: vector(ustring),
});

// ------------------------------------------------------------------------- the transaction log

export const txnHeader = record({ clientId: id64, cxid: int, zxid: long, time: long, type: int });
export type TxnHeader = JuteValue<typeof txnHeader>;

export const createTxn = record({
  path: ustring,
  data: buffer,
  acl: vector(aclEntry),
  ephemeral: bool,
  parentCVersion: int,
});
export const deleteTxn = record({ path: ustring });
export const setDataTxn = record({ path: ustring, data: buffer, version: int });
export const createSessionTxn = record({ timeOut: int });
export const closeSessionTxn = record({ paths2Delete: vector(ustring) });
export const errorTxn = record({ err: int });
export const fileHeader = record({ magic: int, version: int, dbid: long });
