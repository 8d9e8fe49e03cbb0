/**
 * One ZooKeeper server: accepts connections, opens and resumes sessions, answers in order.
 *
 * A session outlives its connection: a client that comes back in time, with its id and password,
 * finds its ephemeral znodes. One that is not heard for its timeout is closed by the server, and
 * its ephemeral znodes go. Differences: alone, as in standalone mode, for an ensemble (ZAB,
 * elections) is not here yet; no authentication, so that an ACL is kept but not checked.
 * Source: `org.apache.zookeeper.server.ZooKeeperServer`, Programmer's Guide, "Sessions".
 */
import { murmur2 } from '../bytes/murmur2.ts';
import { decodeUtf8, encodeUtf8 } from '../bytes/utf8.ts';
import { Writer } from '../bytes/writer.ts';
import { assert } from '../kernel/assert.ts';
import type { Connection, Ports, Process, ProcessFactory, Receiver } from '../kernel/ports.ts';
import { OpCode } from '../wire/zookeeper/messages.ts';
import type { ZooKeeperMessage } from '../wire/zookeeper/messages.ts';
import { zooKeeperProtocol } from '../wire/zookeeper/protocol.ts';
import { NO_SESSION } from './data-tree.ts';
import { RequestProcessor } from './request-processor.ts';
import type { Fired } from './request-processor.ts';
import { SessionTracker } from './session-tracker.ts';
import { TransactionLog } from './transaction-log.ts';
import { SYNC_CONNECTED, WatchedEvent } from './watches.ts';
import { zkSessionTrace, zkWatchTrace } from './zookeeper-trace.ts';

export const ZOOKEEPER_PORT = 2181;

export interface ZooKeeperSettings {
  /** `tickTime`, milliseconds: sessions are between 2 and 20 ticks. */
  readonly tickTime: number;
  readonly dataDir: string;
}

const PRESETS: ZooKeeperSettings = { tickTime: 2000, dataDir: 'zookeeper' };
const PASSWORD_BYTES = 16;
const eventNames = new Map<number, string>(
  Object.entries(WatchedEvent).map(([name, type]) => [type, name]),
);

/** What views see of a znode; of data that is no text, nothing. */
export interface ZnodeView {
  readonly path: string;
  readonly data: string;
  readonly version: number;
  readonly ephemeralOwner: string;
}

export interface ZooKeeperView {
  readonly kind: 'zookeeper';
  readonly zxid: number;
  readonly watches: number;
  readonly sessions: readonly { readonly id: string; readonly client: string }[];
  readonly znodes: readonly ZnodeView[];
}

export function createZooKeeper(
  settings: Partial<ZooKeeperSettings> = {},
): ProcessFactory<ZooKeeperServer> {
  return (ports) => new ZooKeeperServer(ports, { ...PRESETS, ...settings });
}

/** One client's connection; it has a session after the first message. */
class ServerConnection {
  readonly connection: Connection;
  session = NO_SESSION;

  constructor(connection: Connection) {
    this.connection = connection;
  }
}

type Received<K extends ZooKeeperMessage['kind']> = Extract<ZooKeeperMessage, { kind: K }>;

export class ZooKeeperServer implements Process {
  readonly #ports: Ports;
  readonly #log: TransactionLog;
  readonly #processor: RequestProcessor<ServerConnection>;
  readonly #sessions: SessionTracker;
  readonly #connections = new Map<string, ServerConnection>();
  readonly #clients = new Map<string, string>();
  #sessionPrefix = '';
  #sessionCount = 0;
  #view: ZooKeeperView | null = null;

  constructor(ports: Ports, settings: ZooKeeperSettings) {
    assert(settings.tickTime > 0, 'tickTime', { tickTime: settings.tickTime });
    this.#ports = ports;
    this.#log = new TransactionLog(ports, settings.dataDir, (failure) =>
      ports.halt(`Severe unrecoverable error, the transaction log failed: ${failure}`),
    );
    this.#processor = new RequestProcessor(ports, this.#log, (fired) => this.#fire(fired));
    this.#sessions = new SessionTracker(ports.clock, settings.tickTime, (session) => {
      this.#end(session, 'expired');
    });
  }

  start(): void {
    const timeouts = new Map<string, number>();
    this.#log.replay((transaction) => {
      const { header, change } = transaction;
      if (change.type === OpCode.createSession) timeouts.set(header.clientId, change.body.timeOut);
      if (change.type === OpCode.closeSession) timeouts.delete(header.clientId);
      this.#processor.replay(transaction);
    });
    for (const [session, timeoutMs] of timeouts) this.#sessions.add(session, timeoutMs);
    this.#sessionPrefix = sessionPrefix(this.#ports.clock.wall());
    this.#ports.network.listen(ZOOKEEPER_PORT, zooKeeperProtocol, (connection) =>
      this.#accept(connection),
    );
  }

  stop(): void {
    this.#sessions.close();
    this.#log.afterSync(() => this.#ports.halt('shut down'));
  }

  inspect(): ZooKeeperView {
    this.#view ??= this.#look();
    return this.#view;
  }

  #look(): ZooKeeperView {
    const { tree } = this.#processor;
    return {
      kind: 'zookeeper',
      zxid: this.#processor.zxid,
      watches: this.#processor.watches,
      sessions: this.#sessions.ids.map((id) => ({ id, client: this.#clients.get(id) ?? '' })),
      znodes: tree.paths().map((path) => {
        const { version, ephemeralOwner } = tree.stat(path);
        const data = tree.data(path);
        return { path, data: data === null ? '' : decodeUtf8(data), version, ephemeralOwner };
      }),
    };
  }

  // ------------------------------------------------------------------------------- connections

  #accept(connection: Connection): Receiver {
    const client = new ServerConnection(connection);
    return {
      received: (message) => {
        this.#ports.cost.charge('request', 1);
        this.#view = null;
        this.#received(client, message as ZooKeeperMessage);
      },
      closed: () => this.#gone(client),
    };
  }

  #received(client: ServerConnection, message: ZooKeeperMessage): void {
    if (message.kind === 'connect') {
      this.#connect(client, message);
      return;
    }
    assert(message.kind === 'request', 'a client sends requests', { kind: message.kind });
    if (!this.#sessions.has(client.session)) {
      client.connection.close();
      return;
    }
    this.#sessions.touch(client.session);
    if (message.type === OpCode.closeSession) {
      this.#closeSession(client, message);
      return;
    }
    const { xid, type, body } = message;
    const asker = { session: client.session, xid, watcher: client };
    const answer = this.#processor.request(asker, type, body);
    this.#reply(client, { kind: 'reply', xid, zxid: this.#processor.zxid, type, ...answer });
  }

  /** Whatever is said waits for the sync of all that it rests on. */
  #reply(client: ServerConnection, message: ZooKeeperMessage): void {
    this.#log.afterSync(() => client.connection.send(message));
  }

  #fire({ watcher, type, path }: Fired<ServerConnection>): void {
    const event = eventNames.get(type);
    assert(event !== undefined, 'an event of ours', { type });
    const client = watcher.connection.remote.host;
    this.#ports.trace.record(zkWatchTrace, { client, event, path });
    this.#reply(watcher, { kind: 'event', type, state: SYNC_CONNECTED, path });
  }

  #gone(client: ServerConnection): void {
    this.#processor.forget(client);
    this.#view = null;
    if (this.#connections.get(client.session) === client) {
      this.#connections.delete(client.session);
    }
  }

  // ---------------------------------------------------------------------------------- sessions

  #connect(client: ServerConnection, request: Received<'connect'>): void {
    // A client that has seen more than we have must not see us: it would go back in time.
    if (request.lastZxidSeen > this.#processor.zxid) {
      client.connection.close();
      return;
    }
    if (request.sessionId === NO_SESSION) this.#open(client, request.timeOut);
    else this.#reattach(client, request);
  }

  #open(client: ServerConnection, askedMs: number): void {
    const timeOut = this.#sessions.negotiated(askedMs);
    const count = (++this.#sessionCount & 0xffff).toString(16).padStart(4, '0');
    const session = `0x${this.#sessionPrefix}${count}`;
    this.#processor.session(session, { type: OpCode.createSession, body: { timeOut } });
    this.#sessions.add(session, timeOut);
    this.#attach(client, session, 'opened');
  }

  #reattach(client: ServerConnection, { sessionId, passwd }: Received<'connect'>): void {
    const isOurs = passwd !== null && sameBytes(passwd, passwordOf(sessionId));
    if (!isOurs || !this.#sessions.has(sessionId)) {
      this.#trace(sessionId, client.connection.remote.host, 'refused');
      const passwdOfNone = new Uint8Array(PASSWORD_BYTES);
      const none = { timeOut: 0, sessionId: NO_SESSION, passwd: passwdOfNone, readOnly: false };
      this.#reply(client, { kind: 'connected', protocolVersion: 0, ...none });
      this.#log.afterSync(() => client.connection.close());
      return;
    }
    const before = this.#connections.get(sessionId);
    if (before !== undefined) {
      this.#gone(before);
      before.connection.close();
    }
    this.#sessions.touch(sessionId);
    this.#attach(client, sessionId, 'reattached');
  }

  #attach(client: ServerConnection, session: string, event: string): void {
    const timeOut = this.#sessions.timeoutMsOf(session);
    assert(timeOut !== undefined, 'a session that is there', { session });
    client.session = session;
    this.#connections.set(session, client);
    const { host } = client.connection.remote;
    this.#clients.set(session, host);
    this.#trace(session, host, event);
    const given = { timeOut, sessionId: session, passwd: passwordOf(session), readOnly: false };
    this.#reply(client, { kind: 'connected', protocolVersion: 0, ...given });
  }

  #closeSession(client: ServerConnection, { xid, type }: Received<'request'>): void {
    const { session } = client;
    this.#sessions.remove(session);
    this.#end(session, 'closed');
    const { zxid } = this.#processor;
    this.#reply(client, { kind: 'reply', xid, zxid, err: 0, type, body: {} });
    this.#log.afterSync(() => client.connection.close());
  }

  /** The session is over: its ephemeral znodes go, in one transaction. */
  #end(session: string, event: 'closed' | 'expired'): void {
    this.#view = null;
    this.#trace(session, this.#clients.get(session) ?? '', event);
    this.#processor.session(session, this.#processor.closing(session));
    this.#clients.delete(session);
    const client = this.#connections.get(session);
    if (client === undefined) return;
    this.#gone(client);
    if (event === 'expired') client.connection.close();
  }

  #trace(session: string, client: string, event: string): void {
    this.#ports.trace.record(zkSessionTrace, { session, client, event });
  }
}

/** The first 48 bits of a session's id: the server's, 1, and 40 bits of the time. */
function sessionPrefix(wallMs: number): string {
  const time = wallMs % 0x10000000000;
  return `1${time.toString(16).padStart(10, '0')}`;
}

/** Known to whoever opened the session, and to the server after a restart. */
function passwordOf(session: string): Uint8Array {
  const writer = new Writer(PASSWORD_BYTES);
  for (let part = 0; part < PASSWORD_BYTES / 4; part++) {
    writer.int32(murmur2(encodeUtf8(`${session}/${part}`)));
  }
  return writer.finish();
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
