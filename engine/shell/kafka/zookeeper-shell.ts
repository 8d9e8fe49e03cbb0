/**
 * `zookeeper-shell.sh`: looks at the znodes in which Kafka kept its metadata until 3.9, and changes
 * them, by one command or by lines that are typed.
 *
 * Source: `org.apache.zookeeper.ZooKeeperMain` (3.8.4), which Kafka 3.9 calls
 * (`ZooKeeperMainWithTlsSupportForKafka`). Not here: the commands (`znode-commands.ts`).
 * Differences: no prompt, as where there is no JLine; no path behind the address; no TLS.
 */
import { assert } from '../../kernel/assert.ts';
import type { Address } from '../../kernel/ports.ts';
import { WatchedEvent } from '../../zookeeper/watches.ts';
import { ZooKeeperClient } from '../../zookeeper/zookeeper-client.ts';
import type { Call, Program, ToolProgram } from '../program.ts';
import { hasZooKeeper } from './admin-session.ts';
import {
  malformedPath,
  type ZnodeAnswer,
  type ZnodeCommand,
  znodeCommands,
} from './znode-commands.ts';

const USAGE =
  'USAGE: zookeeper-shell.sh zookeeper_host:port[/path] [-zk-tls-config-file file] [args...]';
/** Commands on the session. Null: it is missing here. */
const OWN: Readonly<Record<string, string>> = {
  ...{ close: '', connect: 'host:port', history: '', printwatches: 'on|off', quit: '' },
  redo: 'cmdno',
};
const SESSION_TIMEOUT_MS = 30_000;
const NOT_FOUND = 127;
const eventNames = new Map<number, string>(
  Object.entries(WatchedEvent).map(([name, type]) => [type, name]),
);

export const zookeeperShellTool: ToolProgram = {
  options: () => [],
  wordsAfter: (words) => (words.length === 1 ? Object.keys(znodeCommands) : []),
  examples: [
    'zookeeper-shell.sh zookeeper-1:2181 ls /brokers/ids',
    'zookeeper-shell.sh zookeeper-1:2181 get /controller',
  ],
  start,
};

function start(call: Call): Program {
  const [server, ...words] = call.words;
  if (server === undefined) {
    call.err(USAGE);
    call.exit(1);
    return {};
  }
  const servers = serversOf(call, server);
  if (servers === null) {
    call.exit(1);
    return {};
  }
  return new ZooKeeperShell(call, server, servers, words);
}

/** Where to connect to; null, and told, where that is nowhere. */
function serversOf({ world, tell }: Call, text: string): readonly Address[] | null {
  const known = world.lab.hosts().map(({ name }) => name);
  if (!hasZooKeeper(world)) {
    tell({
      en: 'There is no ZooKeeper in this world: its brokers have a Raft quorum (KRaft).',
      zh: '这里没有 ZooKeeper：broker 使用 Raft 仲裁（KRaft）。',
    });
    return null;
  }
  const addresses: Address[] = [];
  for (const part of text.split(',')) {
    const [, host = '', port = ''] = /^([\w.-]+):(\d{1,5})$/.exec(part) ?? [];
    if (!known.includes(host)) {
      tell({
        en: `${part} is no address here; allowed: host:port of ZooKeeper, as zookeeper-1:2181.`,
        zh: `${part} 不是这里的地址；应为 ZooKeeper 的 host:port，例如 zookeeper-1:2181。`,
      });
      return null;
    }
    addresses.push({ host, port: Number(port) });
  }
  return addresses;
}

class ZooKeeperShell implements Program {
  readonly #call: Call;
  readonly #client: ZooKeeperClient;
  readonly #isInteractive: boolean;
  readonly #lines: string[] = [];
  #isConnected = false;
  #isBusy = false;
  #isEnded = false;
  #printsWatches = true;
  #code = 0;

  constructor(call: Call, server: string, servers: readonly Address[], words: readonly string[]) {
    this.#call = call;
    this.#isInteractive = words.length === 0;
    call.out(`Connecting to ${server}`);
    if (this.#isInteractive) {
      call.out('Welcome to ZooKeeper!');
      call.out('JLine support is disabled');
    }
    const options = { servers, sessionTimeoutMs: SESSION_TIMEOUT_MS };
    this.#client = new ZooKeeperClient(call.ports, options, {
      connected: () => this.#connected(),
      disconnected: () => this.#told('Disconnected', 'None', null),
      expired: () => this.#told('Expired', 'None', null),
      event: (type, path) => {
        const name = eventNames.get(type) ?? String(type);
        if (this.#printsWatches) this.#told('SyncConnected', name, path);
      },
    });
    if (!this.#isInteractive) this.#run(words);
  }

  get isWaiting(): boolean {
    return this.#isInteractive && this.#isConnected && !this.#isBusy && !this.#isEnded;
  }

  line(text: string): void {
    // One command needs no lines.
    if (!this.#isInteractive) return;
    this.#lines.push(text);
    this.#next();
  }

  end(): void {
    if (!this.#isInteractive) return;
    this.#isEnded = true;
    this.#next();
  }

  /** Source: `WatchedEvent.toString`, `ZooKeeperMain.MyWatcher`. */
  #told(state: string, type: string, path: string | null): void {
    const event = `WatchedEvent state:${state} type:${type} path:${path ?? 'null'}`;
    for (const line of ['', 'WATCHER::', '', event]) this.#call.out(line);
  }

  #connected(): void {
    this.#isConnected = true;
    this.#told('SyncConnected', 'None', null);
    if (this.#isInteractive) this.#next();
    else if (!this.#isBusy) this.#call.exit(this.#code);
  }

  #next(): void {
    if (this.#isBusy || !this.#isConnected) return;
    const text = this.#lines.shift();
    if (text === undefined) {
      if (this.#isEnded) this.#call.exit(this.#code);
      return;
    }
    const words = wordsOf(text);
    if (words.length > 0) this.#run(words);
    this.#next();
  }

  #run(words: readonly string[]): void {
    const [name = '', ...rest] = words;
    assert(!this.#isBusy, 'one command at a time', { name });
    const command = Object.hasOwn(znodeCommands, name) ? znodeCommands[name]! : null;
    if (command !== null) this.#onZnode(name, command, rest);
    else if (name === 'quit') this.#quit();
    else if (name === 'printwatches') this.#printWatches(rest);
    else if (Object.hasOwn(OWN, name)) this.#failed(unsupported(name));
    else {
      for (const line of usageLines()) this.#call.err(line);
      this.#failed(`Command not found: Command not found ${name}`, NOT_FOUND);
    }
  }

  #onZnode(name: string, command: ZnodeCommand, words: readonly string[]): void {
    if (command.run === undefined) return this.#failed(unsupported(name));
    const given = new Map<string, string>();
    const others: string[] = [];
    for (let place = 0; place < words.length; place++) {
      const word = words[place]!;
      const letter = /^-([a-zA-Z])$/.exec(word)?.[1];
      if (letter === undefined) others.push(word);
      else if (command.flags.includes(letter)) given.set(word, '');
      else if (command.valued?.includes(letter)) given.set(word, words[++place] ?? '');
      else if (command.usage.includes(`[${word}`)) return this.#failed(unsupported(word));
      else return this.#failed(`${PARSING}.UnrecognizedOptionException: ${UNKNOWN}: ${word}`);
    }
    const [path, ...rest] = others;
    if (path === undefined || others.length < command.words) {
      return this.#failed(`${name} ${command.usage}`);
    }
    const version = given.get('-v');
    if (version !== undefined && !/^-?\d{1,9}$/.test(version)) {
      return this.#failed(`For input string: "${version}"`);
    }
    const problem = malformedPath(path);
    if (problem !== null) return this.#failed(problem);
    this.#isBusy = true;
    const { client, done } = { client: this.#client, done: (one: ZnodeAnswer) => this.#done(one) };
    command.run({ client, path, rest, given, done });
  }

  #done(answer: ZnodeAnswer): void {
    this.#isBusy = false;
    if (!answer.ok) this.#failed(answer.problem);
    else {
      this.#code = 0;
      for (const line of answer.lines) this.#call.out(line);
    }
    if (this.#isInteractive) this.#next();
    else this.#call.exit(this.#code);
  }

  /** A command that stands alone ends with it as soon as there is a connection. */
  #failed(problem: string, code = 1): void {
    this.#call.err(problem);
    this.#code = code;
  }

  #printWatches(words: readonly string[]): void {
    if (words[0] === undefined) {
      this.#call.out(`printwatches is ${this.#printsWatches ? 'on' : 'off'}`);
    } else this.#printsWatches = words[0] === 'on';
    this.#code = 0;
  }

  /** Its session ends, and its ephemeral znodes with it. */
  #quit(): void {
    this.#isBusy = true;
    this.#client.close(() => {
      this.#told('Closed', 'None', null);
      this.#call.exit(this.#code);
    });
  }
}

const PARSING = 'org.apache.commons.cli';
const UNKNOWN = 'Unrecognized option';

function unsupported(name: string): string {
  return `${name} is unsupported: this simulation does not have it`;
}

/** Source: `ZooKeeperMain.usage`. */
function usageLines(): string[] {
  const all = new Map(Object.entries(OWN));
  for (const [name, { usage }] of Object.entries(znodeCommands)) all.set(name, usage);
  const sorted = [...all].sort(([left], [right]) => (left < right ? -1 : 1));
  return [
    'ZooKeeper -server host:port [-zk-tls-config-file <file>] cmd args',
    ...sorted.map(([name, usage]) => `\t${name} ${usage}`),
  ];
}

/** Blanks part words; quotes hold them together. Source: `MyCommandOptions.parseCommand`. */
function wordsOf(text: string): string[] {
  const words = text.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  return words.map((word) => word.replace(/^(["'])(.*)\1$/, '$2'));
}
