/**
 * A transaction: what one request changed, as the log keeps it and as the tree is changed by it.
 *
 *     header: clientId int64 | cxid int32 | zxid int64 | time int64 | type int32
 *     body: by type, as in `wire/zookeeper/records.ts`; a multi is a count and typed bodies
 *
 * Not here: the files (`transaction-log.ts`). Source: `org.apache.zookeeper.txn`,
 * `SerializeUtils.deserializeTxn`.
 */
import { Malformed } from '../bytes/malformed.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { buffer, int, record, vector } from '../wire/zookeeper/jute.ts';
import type { Jute, JuteValue } from '../wire/zookeeper/jute.ts';
import { ERROR_TYPE, OpCode } from '../wire/zookeeper/messages.ts';
import * as records from '../wire/zookeeper/records.ts';
import type { TxnHeader } from '../wire/zookeeper/records.ts';

export type Change =
  | { readonly type: typeof OpCode.create; readonly body: JuteValue<typeof records.createTxn> }
  | { readonly type: typeof OpCode.delete; readonly body: JuteValue<typeof records.deleteTxn> }
  | { readonly type: typeof OpCode.setData; readonly body: JuteValue<typeof records.setDataTxn> }
  | {
      readonly type: typeof OpCode.createSession;
      readonly body: JuteValue<typeof records.createSessionTxn>;
    }
  | {
      readonly type: typeof OpCode.closeSession;
      readonly body: JuteValue<typeof records.closeSessionTxn>;
    }
  | { readonly type: typeof ERROR_TYPE; readonly body: JuteValue<typeof records.errorTxn> }
  | { readonly type: typeof OpCode.multi; readonly body: readonly Change[] };

export interface Transaction {
  readonly header: TxnHeader;
  readonly change: Change;
}

const bodies: Readonly<Record<number, Jute<unknown>>> = {
  [OpCode.create]: records.createTxn,
  [OpCode.create2]: records.createTxn,
  [OpCode.delete]: records.deleteTxn,
  [OpCode.setData]: records.setDataTxn,
  [OpCode.createSession]: records.createSessionTxn,
  [OpCode.closeSession]: records.closeSessionTxn,
  [ERROR_TYPE]: records.errorTxn,
};

const multiTxn = vector(record({ type: int, data: buffer }));

function bodyOf(type: number): Jute<unknown> {
  const found = bodies[type];
  if (found === undefined) throw new Malformed(`a transaction of type ${type}`);
  return found;
}

export function encodeTransaction({ header, change }: Transaction): Uint8Array {
  const writer = new Writer(64);
  records.txnHeader.write(writer, header);
  writeChange(writer, change);
  return writer.finish();
}

function writeChange(writer: Writer, change: Change): void {
  if (change.type !== OpCode.multi) {
    bodyOf(change.type).write(writer, change.body);
    return;
  }
  const parts = change.body.map((part) => {
    const own = new Writer(64);
    writeChange(own, part);
    return { type: part.type, data: own.finish() };
  });
  multiTxn.write(writer, parts);
}

/** Reads a transaction; throws `Malformed` where the bytes are none. */
export function decodeTransaction(bytes: Uint8Array): Transaction {
  const reader = new Reader(bytes);
  const header = records.txnHeader.read(reader);
  return { header, change: readChange(reader, header.type) };
}

function readChange(reader: Reader, type: number): Change {
  if (type !== OpCode.multi) {
    return { type, body: bodyOf(type).read(reader) } as Change;
  }
  const parts = multiTxn.read(reader);
  const body = parts.map((part) =>
    readChange(new Reader(part.data ?? new Uint8Array(0)), part.type),
  );
  return { type, body };
}
