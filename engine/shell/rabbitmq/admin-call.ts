/**
 * One run of a command of `rabbitmqadmin`: its values, a channel to the broker, and its end.
 *
 * The real tool speaks HTTP to the management plugin, which declares, publishes and fetches by AMQP
 * for it; here the tool does so itself, and what it lists it asks the node's administration for.
 * Source: rabbitmqadmin-ng 2.35.0, `rabbit_mgmt_util`. Differs: there is no HTTP: a port is AMQP's.
 */
import { assert } from '../../kernel/assert.ts';
import { AMQP_PORT } from '../../rabbitmq/connection/amqp-listener.ts';
import type { RabbitCluster } from '../../lab/rabbitmq.ts';
import type { RabbitNode } from '../../rabbitmq/node.ts';
import type { ClientChannel } from '../../rabbitmq/client/client-channel.ts';
import type { PlainTable } from '../../rabbitmq/client/plain-table.ts';
import type { CallArgs, Reply, RpcName } from '../../rabbitmq/client/rpc.ts';
import { isShutdownSignal, type ShutdownSignal } from '../../rabbitmq/client/shutdown-signal.ts';
import type { Call } from '../program.ts';
import type { AdminValues } from './admin-arguments.ts';
import { type AdminTable, drawTable } from './admin-table.ts';
import { AmqpSession } from './amqp-session.ts';
import { jsonObject } from './policy-commands.ts';

/** Exit codes: a bad value, and what the broker refuses. */
const USAGE = 64;
const DATAERR = 65;
const WAY_MS = 1;
export const ACCESS_REFUSED = 'Access refused.';
const LOGIN_FAILED = 'Login failed';
const NOT_FOUND = 'API responded with a 404 Not Found';

export class AdminCall {
  readonly values: AdminValues;
  readonly cluster: RabbitCluster;
  readonly #call: Call;
  /** With which who calls logs in; `declare user` has an option of this name of its own. */
  readonly #password: string;
  #session: AmqpSession | null = null;
  #isOver = false;

  constructor(call: Call, cluster: RabbitCluster, values: AdminValues, password: string) {
    assert(cluster.nodeNames.length > 0, 'a cluster has a node', {});
    this.#call = call;
    this.cluster = cluster;
    this.values = values;
    this.#password = password;
  }

  /** The value of an option that is required or has a preset. */
  value(name: string): string {
    const value = this.values.get(name);
    assert(value !== undefined, 'the words were checked', { name });
    return value;
  }

  /** Whether a word gave it: what all commands have as a preset counts not. */
  wasSaid(name: string): boolean {
    return this.#call.words.some((word) => word.split('=')[0] === `--${name}`);
  }

  isTrue(name: string, otherwise = false): boolean {
    const value = this.values.get(name);
    return value === undefined ? otherwise : value === 'true';
  }

  get host(): string {
    const named = this.value('host');
    return named === 'localhost' ? this.cluster.nodeName(1) : named;
  }

  get vhost(): string {
    return this.value('vhost');
  }

  /** A whole number, or null, which is told. */
  count(name: string): number | null {
    const text = this.value(name);
    if (/^\d{1,9}$/.test(text)) return Number(text);
    this.fail(`Invalid value for argument '${name}': invalid digit found in string`, USAGE);
    return null;
  }

  /** An object of JSON, or null, which is told. */
  json(name: string): PlainTable | null {
    const text = this.values.get(name) ?? '{}';
    const table = jsonObject(text);
    if (table !== null) return table as PlainTable;
    const where = /^[tfn]/.test(text) ? 'expected ident' : 'expected value';
    const column = where === 'expected ident' ? 2 : 1;
    this.fail(
      `Failed to parse JSON argument: \`${text}\` is not a valid JSON: ` +
        `${where} at line 1 column ${column}`,
    );
    return null;
  }

  // --------------------------------------------------------------------------------- the broker

  /**
   * A channel to the node; where it cannot be had, the command ends. `noVhost`: what is said where
   * the virtual host does not exist.
   */
  withChannel(then: (channel: ClientChannel) => void, noVhost = NOT_FOUND): void {
    const { host } = this;
    const { ports } = this.#call;
    const login = {
      ...{ user: this.value('username'), password: this.#password },
      virtualHost: this.vhost,
    };
    if (!this.cluster.nodeNames.includes(host)) {
      this.fail(this.#unreachable());
      return;
    }
    this.#session = new AmqpSession(ports, { host, port: AMQP_PORT }, login, {
      ready: then,
      failed: (signal) => this.#lost(signal, noVhost),
    });
  }

  #unreachable(): string {
    const where = `http://${this.value('host')}:15672/api`;
    return (
      'Encountered an error when performing an HTTP request: ' +
      `error sending request for url (${where})`
    );
  }

  #lost({ error }: ShutdownSignal, noVhost: string): void {
    this.#session = null;
    if (error === null) this.fail(this.#unreachable());
    else if (error.code === 403) this.fail(LOGIN_FAILED);
    else this.fail(error.explanation.startsWith('vhost') ? noVhost : error.explanation);
  }

  /** Calls a method; a refusal ends the command, as the plugin's answer says it. */
  rpc<N extends RpcName>(
    channel: ClientChannel,
    name: N,
    args: CallArgs<N>,
    then: (reply: Reply<N>) => void,
  ): void {
    channel.call(name, args, (reply) => {
      if (!isShutdownSignal(reply)) then(reply);
      else this.refused(reply);
    });
  }

  /** What the broker said, in the words of the plugin's answer. */
  refused({ error, text }: ShutdownSignal): void {
    if (error?.code === 404) this.fail(NOT_FOUND);
    else if (error?.code === 403) this.fail(ACCESS_REFUSED);
    else this.fail(error?.explanation ?? text);
  }

  notFound(): void {
    this.fail(NOT_FOUND);
  }

  /** Asks a node, as the plugin does. */
  ask<T>(act: (node: RabbitNode) => T, then: (answer: T) => void, host = this.host): void {
    this.askLater<T>((node, reply) => reply(act(node)), then, host);
  }

  /** As `ask`, of what the node answers later. */
  askLater<T>(
    act: (node: RabbitNode, reply: (answer: T) => void) => void,
    then: (answer: T) => void,
    host = this.host,
  ): void {
    const { lab } = this.#call.world;
    const { host: own } = this.#call.ports;
    const isThere = this.cluster.nodeNames.includes(host) && lab.host(host).state === 'running';
    if (!isThere) {
      this.fail(this.#unreachable());
      return;
    }
    const reply = (answer: T): void => {
      lab.command(own, 'answer of the HTTP API', () => then(answer), WAY_MS);
    };
    const refused = (): void => {
      lab.command(own, 'answer of the HTTP API', () => this.fail(LOGIN_FAILED), WAY_MS);
    };
    const user = this.value('username');
    lab.command<RabbitNode>(
      host,
      'HTTP API',
      (node) => {
        if (node.users.mayLogIn(user, this.#password)) act(node, reply);
        else refused();
      },
      WAY_MS,
    );
  }

  // ------------------------------------------------------------------------------------ its end

  table(table: AdminTable): void {
    for (const line of drawTable(table)) this.#call.out(line);
    this.done();
  }

  done(...lines: readonly string[]): void {
    for (const line of lines) this.#call.out(line);
    this.#end(0);
  }

  fail(text: string, code = DATAERR): void {
    for (const line of text.split('\n')) this.#call.err(line);
    this.#end(code);
  }

  #end(code: number): void {
    assert(!this.#isOver, 'a command ends once', {});
    this.#isOver = true;
    const session = this.#session;
    this.#session = null;
    if (session === null) this.#call.exit(code);
    else session.close(() => this.#call.exit(code));
  }
}
