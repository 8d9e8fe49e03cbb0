/**
 * `redis-cli`: commands for a Redis, one in the words of its line or one a line that is typed.
 *
 * Source: redis-cli 7.0 (`cliFormatReplyTTY`, `sdssplitargs`). Options: `-h`, `-p`; without them
 * the master is asked, a Sentinel being asked where it is. Difference: every Redis listens on 6379.
 * Not here: the commands that our Redis has (`services/redis/`).
 */
import { encodeUtf8 } from '../../bytes/utf8.ts';
import { assert } from '../../kernel/assert.ts';
import { RedisClient } from '../../services/redis/redis-client.ts';
import type { RespValue } from '../../services/redis/resp.ts';
import type { Call, OptionSpec, Program, Tool } from '../program.ts';

const PORT = 6379;
const TIMEOUT_MS = 5000;
const SPACE = 0x20;
const DELETE = 0x7f;
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

const options: readonly OptionSpec[] = [
  {
    name: '-h',
    value: 'host',
    about: { en: 'the host; by default who is the master', zh: '主机；默认是当前 master' },
  },
  { name: '-p', value: 'number', about: { en: 'the port (6379)', zh: '端口（6379）' } },
  { name: '--version', about: { en: 'shows the version', zh: '显示版本' } },
];

export const redisCliTool: Tool = {
  name: 'redis-cli',
  about: { en: 'sends commands to a Redis', zh: '向 Redis 发送命令' },
  options: () => options,
  examples: ['redis-cli GET stock', 'redis-cli -h redis-1 SET seen:1 1 NX EX 60'],
  start,
};

interface Server {
  readonly host: string | null;
  readonly port: number;
}

function start(call: Call): Program {
  const server: { host: string | null; port: number } = { host: null, port: PORT };
  const words = [...call.words];
  while (words[0]?.startsWith('-') === true) {
    const option = words.shift()!;
    if (option === '--version') return ended(call, 'redis-cli 7.0.15', 0);
    const value = words.shift();
    if (value === undefined || (option !== '-h' && option !== '-p')) {
      const told = `Unrecognized option or bad number of args for: '${option}'`;
      call.err(told);
      call.exit(1);
      return {};
    }
    if (option === '-h') server.host = value;
    else server.port = Number(value);
  }
  const client = clientOf(call, server);
  if (client === null) return {};
  if (words.length === 0) return session(call, server, client);
  client.command(words, (reply) => {
    if (reply === null) {
      call.err(unreachable(server, 'Connection refused'));
      call.exit(1);
      return;
    }
    for (const line of formatReply(reply)) call.out(line);
    call.exit(0);
  });
  return {};
}

function ended(call: Call, line: string, code: number): Program {
  call.out(line);
  call.exit(code);
  return {};
}

function unreachable({ host, port }: Server, reason: string): string {
  return `Could not connect to Redis at ${host ?? 'redis-1'}:${port}: ${reason}`;
}

/** Null where there is nobody to talk to, as told. */
function clientOf(call: Call, server: Server): RedisClient | null {
  const { lab, handles } = call.world;
  const known = server.host === null || lab.hosts().some(({ name }) => name === server.host);
  const listens = server.port === PORT;
  if (known && listens && (server.host !== null || handles.redis !== undefined)) {
    const address = server.host === null ? handles.redis!.address : { master: server.host };
    return new RedisClient(call.ports, address, TIMEOUT_MS);
  }
  call.err(unreachable(server, known ? 'Connection refused' : 'Name or service not known'));
  call.exit(1);
  return null;
}

/** A line each is a command. */
function session(call: Call, server: Server, client: RedisClient): Program {
  const host = server.host ?? 'redis-1';
  let waiting = 0;
  let isOver = false;
  const done = (): void => {
    if (isOver && waiting === 0) call.exit(0);
  };
  return {
    prompt: `${host}:${server.port}> `,
    get isWaiting() {
      return waiting === 0;
    },
    line: (text) => {
      const words = splitWords(text);
      if (words === null) call.out('Invalid argument(s)');
      else if (words.length === 1 && /^(?:quit|exit)$/i.test(words[0]!)) {
        isOver = true;
        done();
      } else if (words.length > 0) {
        waiting++;
        client.command(words, (reply) => {
          waiting--;
          if (reply === null) call.err('Error: Server closed the connection');
          else for (const line of formatReply(reply)) call.out(line);
          done();
        });
      }
    },
    end: () => {
      isOver = true;
      done();
    },
  };
}

/** The words of a line, quotes and escapes taken off; null where a quote is not closed. */
function splitWords(text: string): string[] | null {
  const words: string[] = [];
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"']+))(?=\s|$)/gy;
  let at = 0;
  const line = text.trimEnd();
  while (at < line.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(line);
    if (match === null) return null;
    const [, quoted, single, bare] = match;
    words.push(quoted?.replace(/\\(.)/g, '$1') ?? single ?? bare ?? '');
    at = pattern.lastIndex;
  }
  return words;
}

/** A reply as a terminal shows it. */
function formatReply(reply: RespValue, prefix = ''): string[] {
  switch (reply.type) {
    case 'simple':
      return [reply.text];
    case 'error':
      return [`(error) ${reply.text}`];
    case 'integer':
      return [`(integer) ${reply.value}`];
    case 'bulk':
      return [reply.text === null ? '(nil)' : quote(reply.text)];
    case 'array':
      if (reply.items.length === 0) return ['(empty array)'];
      return reply.items.flatMap((item, place) => {
        const width = String(reply.items.length).length;
        const head = `${String(place + 1).padStart(width)}) `;
        const inner = prefix + ' '.repeat(head.length);
        const [first = '', ...rest] = formatReply(item, inner);
        return [`${place === 0 ? '' : prefix}${head}${first}`, ...rest];
      });
  }
}

function quote(text: string): string {
  let quoted = '';
  for (const char of text) {
    const escape = ESCAPES[char];
    const code = char.codePointAt(0)!;
    assert(code >= 0, 'a character', { char });
    if (escape !== undefined) quoted += escape;
    else if (code >= SPACE && code < DELETE) quoted += char;
    else {
      for (const byte of encodeUtf8(char)) quoted += `\\x${byte.toString(16).padStart(2, '0')}`;
    }
  }
  return `"${quoted}"`;
}
