/**
 * `perf-test`: load for a broker, and what it makes of it. Source: PerfTest 2.22.1.
 *
 * `localhost` is the first node. Not here: the run (`perf-test-run.ts`).
 */
import { AMQP_PORT } from '../../rabbitmq/connection/amqp-listener.ts';
import { type Call, ended, type Program, type ToolProgram } from '../program.ts';
import type { Login } from './amqp-session.ts';
import { perfTestOptions, perfTestUsage, readPerfTest } from './perf-test-options.ts';
import { PerfTestRun } from './perf-test-run.ts';

const HELP = ['--help', '-?'];
const VERSION = ['--version', '-v'];

interface Target {
  readonly host: string;
  readonly login: Login;
}

/** Of `amqp://user:password@host/vhost`; null: it is none. */
function targetOf(uri: string): Target | null {
  const match = /^amqp:\/\/(?:([^:@/]+):([^@/]*)@)?([\w.-]+)(?::\d+)?(?:\/(.*))?$/.exec(uri);
  if (match === null) return null;
  const [, user = 'guest', password = 'guest', host = '', path = ''] = match;
  const virtualHost = path === '' ? '/' : path.replace(/%2[fF]/g, '/');
  return { host, login: { user, password, virtualHost } };
}

function start(call: Call): Program {
  const fail = (...lines: readonly string[]): Program => ended(call, 1, lines);
  const say = (...lines: readonly string[]): Program => ended(call, 0, lines);
  const { rabbitmq } = call.world.handles;
  if (rabbitmq === undefined) return fail('perf-test: this world has no RabbitMQ');
  if (call.words.some((word) => HELP.includes(word))) return say(...perfTestUsage());
  if (call.words.some((word) => VERSION.includes(word))) return say('RabbitMQ Perf Test 2.22.1');
  const read = readPerfTest(call.words);
  if (!read.ok) return fail(read.problem, ...(read.isUsage ? perfTestUsage() : []));
  const { uri } = read.settings;
  const target = targetOf(uri);
  if (target === null) return fail(`Main thread caught exception: no URI of AMQP: '${uri}'`);
  const host = target.host === 'localhost' ? rabbitmq.nodeName(1) : target.host;
  if (!rabbitmq.nodeNames.includes(host)) {
    const what = `java.net.UnknownHostException: ${host}: Temporary failure in name resolution`;
    return fail(`Main thread caught exception: ${what}`, 'test stopped');
  }
  const run = new PerfTestRun(call, read.settings, { host, port: AMQP_PORT }, target.login);
  run.start();
  return run;
}

export const perfTest: ToolProgram = {
  options: () => perfTestOptions,
  examples: [
    'perf-test -x 1 -y 1 -u orders --rate 100 -z 10',
    'perf-test -x 1 -y 0 -u orders -p -c 10 -f persistent -C 1000',
  ],
  start,
};
