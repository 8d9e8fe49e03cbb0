/**
 * The commands of `zookeeper-shell.sh` on znodes: what each asks ZooKeeper, what it prints, and the
 * sentences on what went wrong.
 *
 * Source: ZooKeeper 3.8, `org.apache.zookeeper.cli`, `PathUtils.validatePath`. Not here: the
 * session and its lines (`zookeeper-shell.ts`). Differences: a stat beside children is a request of
 * its own; there are no ACLs, quotas, containers and times to live; a watch is told once it fires.
 */
import { decodeUtf8, encodeUtf8 } from '../../bytes/utf8.ts';
import { assert } from '../../kernel/assert.ts';
import { ZkError, type ZkErrorCode, zkErrorName } from '../../wire/zookeeper/errors.ts';
import type { Stat } from '../../wire/zookeeper/records.ts';
import type { ZooKeeperClient } from '../../zookeeper/zookeeper-client.ts';
import { javaDate } from './java-log.ts';

/** What a command prints, or the sentence on why it failed. */
export type ZnodeAnswer =
  | { readonly ok: true; readonly lines: readonly string[] }
  | { readonly ok: false; readonly problem: string };

export interface ZnodeCall {
  readonly client: ZooKeeperClient;
  readonly path: string;
  /** Words behind the path. */
  readonly rest: readonly string[];
  /** Options that were given, with their dash: their value, or an empty text. */
  readonly given: ReadonlyMap<string, string>;
  readonly done: (answer: ZnodeAnswer) => void;
}

export interface ZnodeCommand {
  /** How it is used, behind its name. */
  readonly usage: string;
  /** Options with their dash; those of `valued` take a value. */
  readonly flags: string;
  readonly valued?: string;
  /** Words behind its options, at least. */
  readonly words: number;
  /** Absent: it is missing here. */
  readonly run?: (call: ZnodeCall) => void;
}

/** In the order of their names, as the usage text has them. */
export const znodeCommands: Readonly<Record<string, ZnodeCommand>> = {
  addWatch: missing(
    '[-m mode] path # optional mode is one of [PERSISTENT, PERSISTENT_RECURSIVE] ' +
      '- default is PERSISTENT_RECURSIVE',
  ),
  addauth: missing('scheme auth'),
  config: missing('[-c] [-w] [-s]'),
  create: {
    usage: '[-s] [-e] [-c] [-t ttl] path [data] [acl]',
    flags: 'se',
    words: 1,
    run: create,
  },
  delete: { usage: '[-v version] path', flags: '', valued: 'v', words: 1, run: remove },
  deleteall: { usage: 'path [-b batch size]', flags: '', valued: 'b', words: 1, run: removeAll },
  delquota: missing('[-n|-b|-N|-B] path'),
  get: { usage: '[-s] [-w] path', flags: 'sw', words: 1, run: get },
  getAcl: missing('[-s] path'),
  getAllChildrenNumber: { usage: 'path', flags: '', words: 1, run: countAll },
  getEphemerals: missing('path'),
  listquota: missing('path'),
  ls: { usage: '[-s] [-w] [-R] path', flags: 'swR', words: 1, run: list },
  reconfig: missing(
    '[-s] [-v version] [[-file path] | ' +
      '[-members serverID=host:port1:port2;port3[,...]*]] | ' +
      '[-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]',
  ),
  removewatches: missing('path [-c|-d|-a] [-l]'),
  set: { usage: '[-s] [-v version] path data', flags: 's', valued: 'v', words: 2, run: set },
  setAcl: missing('[-s] [-v version] [-R] path acl'),
  setquota: missing('-n|-b|-N|-B val path'),
  stat: { usage: '[-w] path', flags: 'w', words: 1, run: tellStat },
  sync: missing('path'),
  version: missing(''),
  whoami: missing(''),
};

function missing(usage: string): ZnodeCommand {
  return { usage, flags: '', words: 0 };
}

/** Why a text is no path, as `PathUtils` says it; null if it is one. */
export function malformedPath(path: string): string | null {
  if (path === '') return 'Path length must be > 0';
  if (!path.startsWith('/')) return 'Path must start with / character';
  if (path === '/') return null;
  if (path.endsWith('/')) return 'Path must not end with / character';
  const why = (reason: string, at: number): string =>
    `Invalid path string "${path}" caused by ${reason} @${at}`;
  let at = 0;
  for (const part of path.slice(1).split('/')) {
    at += part.length + 1;
    if (part === '') return why('empty node name specified', at);
    if (part === '.' || part === '..') return why('relative paths not allowed', at);
  }
  return null;
}

/** Source: `CliWrapperException.getMessage`. */
function problemOf(err: ZkErrorCode, path: string): ZnodeAnswer {
  assert(err !== ZkError.OK, 'something failed', { path });
  const sentence = SENTENCES[err];
  const name = zkErrorName(err);
  const plain = `KeeperErrorCode = ${JAVA_NAMES[name] ?? name} for ${path}`;
  return { ok: false, problem: sentence === undefined ? plain : `${sentence}: ${path}` };
}

const SENTENCES: Readonly<Record<number, string>> = {
  [ZkError.NONODE]: 'Node does not exist',
  [ZkError.NOCHILDRENFOREPHEMERALS]: 'Ephemerals cannot have children',
  [ZkError.NODEEXISTS]: 'Node already exists',
  [ZkError.NOTEMPTY]: 'Node not empty',
  [ZkError.BADVERSION]: 'version No is not valid ',
  [ZkError.BADARGUMENTS]: 'Arguments are not valid ',
};
const JAVA_NAMES: Readonly<Record<string, string>> = {
  ...{ CONNECTIONLOSS: 'ConnectionLoss', SESSIONEXPIRED: 'Session expired' },
  ...{ SESSIONMOVED: 'Session moved', OPERATIONTIMEOUT: 'OperationTimeout' },
};

const said = (...lines: string[]): ZnodeAnswer => ({ ok: true, lines });

/** Source: `StatPrinter`. */
function statLines(stat: Stat): string[] {
  return [
    `cZxid = 0x${stat.czxid.toString(16)}`,
    `ctime = ${javaDate(stat.ctime)}`,
    `mZxid = 0x${stat.mzxid.toString(16)}`,
    `mtime = ${javaDate(stat.mtime)}`,
    `pZxid = 0x${stat.pzxid.toString(16)}`,
    `cversion = ${stat.cversion}`,
    `dataVersion = ${stat.version}`,
    `aclVersion = ${stat.aversion}`,
    `ephemeralOwner = ${stat.ephemeralOwner}`,
    `dataLength = ${stat.dataLength}`,
    `numChildren = ${stat.numChildren}`,
  ];
}

function get({ client, path, given, done }: ZnodeCall): void {
  client.getData(path, given.has('-w'), (err, found) => {
    if (found === null) return done(problemOf(err, path));
    const text = found.data === null ? 'null' : decodeUtf8(found.data);
    done(said(...text.split('\n'), ...(given.has('-s') ? statLines(found.stat) : [])));
  });
}

function tellStat({ client, path, given, done }: ZnodeCall): void {
  client.exists(path, given.has('-w'), (err, stat) => {
    done(stat === null ? problemOf(err, path) : said(...statLines(stat)));
  });
}

function list(call: ZnodeCall): void {
  const { client, path, given, done } = call;
  if (given.has('-R')) {
    subtree(call, (paths) => done(said(...paths)));
    return;
  }
  client.getChildren(path, given.has('-w'), (err, children) => {
    if (err !== 0) return done(problemOf(err, path));
    const line = `[${children.join(', ')}]`;
    if (!given.has('-s')) return done(said(line));
    client.exists(path, false, (failed, stat) => {
      done(stat === null ? problemOf(failed, path) : said(line, ...statLines(stat)));
    });
  });
}

function countAll(call: ZnodeCall): void {
  subtree(call, (paths) => call.done(said(String(paths.length - 1))));
}

/** A znode and all below it, level by level. */
function subtree({ client, path, done }: ZnodeCall, all: (paths: readonly string[]) => void): void {
  const paths = [path];
  const visit = (place: number): void => {
    const next = paths[place];
    if (next === undefined) {
      all(paths);
      return;
    }
    client.getChildren(next, false, (err, children) => {
      // One that has gone meanwhile has no children.
      if (err !== 0 && (next === path || err !== ZkError.NONODE)) return done(problemOf(err, next));
      paths.push(...children.map((name) => (next === '/' ? `/${name}` : `${next}/${name}`)));
      visit(place + 1);
    });
  };
  visit(0);
}

function create({ client, path, rest, given, done }: ZnodeCall): void {
  if (rest.length > 1) {
    done({ ok: false, problem: 'acl is unsupported: this simulation does not have it' });
    return;
  }
  const flags = (given.has('-e') ? 1 : 0) + (given.has('-s') ? 2 : 0);
  const data = rest[0] === undefined ? null : encodeUtf8(rest[0]);
  client.create(path, data, flags, (err, made) => {
    done(made === null ? problemOf(err, path) : said(`Created ${made}`));
  });
}

function versionOf(given: ReadonlyMap<string, string>): number {
  return Number(given.get('-v') ?? '-1');
}

function set({ client, path, rest, given, done }: ZnodeCall): void {
  client.setData(path, encodeUtf8(rest[0]!), versionOf(given), (err, stat) => {
    if (stat === null) return done(problemOf(err, path));
    done(given.has('-s') ? said(...statLines(stat)) : said());
  });
}

function remove({ client, path, given, done }: ZnodeCall): void {
  client.delete(path, versionOf(given), (err) => done(err === 0 ? said() : problemOf(err, path)));
}

/** Those furthest below go first. */
function removeAll(call: ZnodeCall): void {
  const { client, path, done } = call;
  subtree(call, (paths) => {
    const left = [...paths];
    const next = (): void => {
      const one = left.pop();
      if (one === undefined) return done(said());
      client.delete(one, -1, (err) => {
        if (err === 0 || err === ZkError.NONODE) next();
        else done(problemOf(err, path));
      });
    };
    next();
  });
}
