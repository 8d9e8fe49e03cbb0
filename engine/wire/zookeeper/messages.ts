/**
 * The operations of ZooKeeper, and the messages of a connection: the first two open a session, the
 * others are requests with replies in order, and events of watches between them.
 *
 *     request: xid int32 | type int32 | body     reply: xid int32 | zxid int64 | err int32 | body
 *
 * A reply with an error has no body. An event is a reply with xid -1. Not here: what an operation
 * does (`zookeeper/`), authentication, quotas, TTL nodes, persistent watches.
 * Source: `org.apache.zookeeper.ZooDefs.OpCode`, ClientCnxn, `zookeeper.jute`.
 */
import { Malformed } from '../../bytes/malformed.ts';
import type { Reader } from '../../bytes/reader.ts';
import type { Writer } from '../../bytes/writer.ts';
import { bool, int, record } from './jute.ts';
import type { Jute, JuteValue } from './jute.ts';
import * as records from './records.ts';

/** The xids that stand for no request. */
export const WATCHER_EVENT_XID = -1;
export const PING_XID = -2;
export const SET_WATCHES_XID = -8;

export const OpCode = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getAcl: 6,
  getChildren: 8,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  setWatches: 101,
  createSession: -10,
  closeSession: -11,
} as const;

/** What `error` is in a multi's reply, and in the log. */
export const ERROR_TYPE = -1;

/** One part of a multi: an operation that changes, or a check. */
export type MultiOp =
  | { readonly type: typeof OpCode.create; readonly body: JuteValue<typeof records.createRequest> }
  | { readonly type: typeof OpCode.delete; readonly body: JuteValue<typeof records.deleteRequest> }
  | {
      readonly type: typeof OpCode.setData;
      readonly body: JuteValue<typeof records.setDataRequest>;
    }
  | { readonly type: typeof OpCode.check; readonly body: JuteValue<typeof records.checkRequest> };

export interface MultiResult {
  readonly type: number;
  readonly err: number;
  readonly body: unknown;
}

const multiHeader = record({ type: int, done: bool, err: int });
const END = { type: ERROR_TYPE, done: true, err: ERROR_TYPE };

const multiRequests: Readonly<Record<number, Jute<unknown>>> = {
  [OpCode.create]: records.createRequest,
  [OpCode.delete]: records.deleteRequest,
  [OpCode.setData]: records.setDataRequest,
  [OpCode.check]: records.checkRequest,
};

const multiResponses: Readonly<Record<number, Jute<unknown>>> = {
  [OpCode.create]: records.pathRecord,
  [OpCode.delete]: records.nothing,
  [OpCode.setData]: records.statRecord,
  [OpCode.check]: records.nothing,
  [ERROR_TYPE]: records.errorTxn,
};

interface Part {
  readonly type: number;
  readonly err?: number;
  readonly body: unknown;
}

/** The parts of a multi, each behind a header, and a header that says that it is over. */
function parts(types: Readonly<Record<number, Jute<unknown>>>): Jute<readonly Part[]> {
  const typeOf = (type: number): Jute<unknown> => {
    const found = types[type];
    if (found === undefined) throw new Malformed(`no part of a multi: ${type}`);
    return found;
  };
  const headerSize = multiHeader.size(END);
  return {
    size: (all) =>
      all.reduce((sum, part) => sum + headerSize + typeOf(part.type).size(part.body), headerSize),
    write: (writer: Writer, all) => {
      for (const { type, err, body } of all) {
        multiHeader.write(writer, { type, done: false, err: err ?? -1 });
        typeOf(type).write(writer, body);
      }
      multiHeader.write(writer, END);
    },
    read: (reader: Reader) => {
      const all: Part[] = [];
      for (;;) {
        const { type, done, err } = multiHeader.read(reader);
        if (done) return all;
        all.push({ type, err, body: typeOf(type).read(reader) });
      }
    },
  };
}

export interface Operation {
  readonly name: string;
  readonly type: number;
  readonly request: Jute<unknown>;
  readonly response: Jute<unknown>;
}

function operation<Q, R>(
  name: keyof typeof OpCode,
  request: Jute<Q>,
  response: Jute<R>,
): Operation {
  return {
    name,
    type: OpCode[name],
    request: request,
    response: response,
  };
}

const { nothing, pathAndWatch, pathRecord, statRecord } = records;

const operations: ReadonlyMap<number, Operation> = new Map(
  [
    operation('create', records.createRequest, pathRecord),
    operation('create2', records.createRequest, records.create2Response),
    operation('delete', records.deleteRequest, nothing),
    operation('exists', pathAndWatch, statRecord),
    operation('getData', pathAndWatch, records.getDataResponse),
    operation('setData', records.setDataRequest, statRecord),
    operation('getAcl', pathRecord, records.getAclResponse),
    operation('getChildren', pathAndWatch, records.getChildrenResponse),
    operation('getChildren2', pathAndWatch, records.getChildren2Response),
    operation('sync', pathRecord, pathRecord),
    operation('ping', nothing, nothing),
    operation('multi', parts(multiRequests), parts(multiResponses)),
    operation('setWatches', records.setWatchesRequest, nothing),
    operation('closeSession', nothing, nothing),
  ].map((one) => [one.type, one]),
);

/** The operation of a type, or undefined where there is none. */
export function operationOf(type: number): Operation | undefined {
  return operations.get(type);
}

export type ZooKeeperMessage =
  | ({ readonly kind: 'connect' } & records.ConnectRequest)
  | ({ readonly kind: 'connected' } & records.ConnectResponse)
  | {
      readonly kind: 'request';
      readonly xid: number;
      readonly type: number;
      readonly body: unknown;
    }
  | {
      readonly kind: 'reply';
      readonly xid: number;
      readonly zxid: number;
      readonly err: number;
      /** The operation that is answered: a reply does not name it. */
      readonly type: number;
      readonly body: unknown;
    }
  | ({ readonly kind: 'event' } & records.WatcherEvent);
