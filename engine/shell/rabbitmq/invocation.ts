/**
 * One run of a command of RabbitMQ's tools: its words, the node that it asks, and its end.
 *
 * The real tool joins Erlang's distribution and calls functions of the node. Here a call is an
 * event of the node's host, which takes as long as a message there, and the answer is one of ours:
 * a node that is down is known at once, one that does not answer is given up after the timeout.
 * Not here: what commands do. Differs: nothing can come between a terminal and a node but the end
 * or the pause of the node.
 */
import { assert } from '../../kernel/assert.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import type { RabbitCluster } from '../../lab/rabbitmq.ts';
import type { RabbitNode } from '../../rabbitmq/node.ts';
import type { Call } from '../program.ts';
import { type CliCommand, EXIT } from './cli-command.ts';
import { type FormatterName, formatted, type Listing } from './formatter.ts';
import { nodeDown, nodeTimedOut } from './node-problems.ts';
import type { OptionValue } from './option-parser.ts';

/** Milliseconds that a word to a node, or back, is under way. */
const WAY_MS = 1;
/** Seconds after which a call is given up, where nothing is said. */
const TIMEOUT_S = 60;

export interface InvocationOptions {
  readonly call: Call;
  readonly cluster: RabbitCluster;
  readonly command: CliCommand;
  readonly args: readonly string[];
  readonly options: ReadonlyMap<string, OptionValue>;
}

/** Answers a call on a node, once, at once or later. */
export type Reply<T> = (answer: T) => void;

export class Invocation {
  readonly call: Call;
  readonly cluster: RabbitCluster;
  readonly command: CliCommand;
  readonly args: readonly string[];
  readonly #options: ReadonlyMap<string, OptionValue>;
  #isOver = false;

  constructor({ call, cluster, command, args, options }: InvocationOptions) {
    assert(args.length <= call.words.length, 'words of the call', { args: args.length });
    this.call = call;
    this.cluster = cluster;
    this.command = command;
    this.args = args;
    this.#options = options;
  }

  arg(place: number): string {
    const arg = this.args[place];
    assert(arg !== undefined, 'the number of words was checked', { place });
    return arg;
  }

  text(name: string): string | null {
    const value = this.#options.get(name);
    return value === undefined ? null : String(value);
  }

  flag(name: string): boolean {
    return this.#options.get(name) === true;
  }

  number(name: string): number | null {
    const value = this.#options.get(name);
    return typeof value === 'number' ? value : null;
  }

  has(name: string): boolean {
    return this.#options.has(name);
  }

  get vhost(): string {
    return this.text('vhost') ?? '/';
  }

  /** `rabbit@rabbit-1`: the node that was named, or the first. */
  get node(): string {
    const named = this.text('node') ?? '';
    if (named === '') return nodeNameOf(this.cluster.nodeName(1));
    return named.includes('@') ? named : `${named}@${this.cluster.nodeName(1)}`;
  }

  /** Seconds; null: nothing was said. */
  get timeoutS(): number | null {
    return this.number('timeout');
  }

  get timeoutMs(): number {
    return (this.timeoutS ?? TIMEOUT_S) * 1000;
  }

  get isSilent(): boolean {
    return this.flag('silent');
  }

  get isQuiet(): boolean {
    return this.flag('quiet') || this.isSilent;
  }

  /** The formatter that was named, or the command's own; null: plain text. */
  get formatter(): FormatterName | null {
    return (this.text('formatter') as FormatterName | null) ?? this.command.formatter ?? null;
  }

  // ---------------------------------------------------------------------------------- the node

  /**
   * Does something on a node (without a name: on the one that was named in the words), and goes on
   * with its answer; a node that does not answer ends the command.
   */
  on<T>(
    act: (node: RabbitNode, reply: Reply<T>) => void,
    then: (answer: T) => void,
    name: string = this.node,
  ): void {
    this.ask(act, then, name, (problem) => {
      if (problem === 'down') this.fail(EXIT.UNAVAILABLE, nodeDown(this, name));
      else this.fail(EXIT.TEMPFAIL, nodeTimedOut(this, name));
    });
  }

  /** As `on`, with a word on what to do about a node that does not answer. */
  ask<T>(
    act: (node: RabbitNode, reply: Reply<T>) => void,
    then: (answer: T) => void,
    name: string,
    failed: (problem: 'down' | 'timeout') => void,
  ): void {
    const { lab } = this.call.world;
    const { clock, host: own } = this.call.ports;
    const host = hostOf(name);
    const isKnown = host !== null && this.cluster.nodeNames.includes(host);
    if (!isKnown || lab.host(host).state !== 'running') {
      clock.after(microsOfMillis(WAY_MS), 'no node', () => failed('down'));
      return;
    }
    let isOpen = true;
    const timer = clock.after(microsOfMillis(this.timeoutMs), 'rpc timeout', () => {
      if (!isOpen) return;
      isOpen = false;
      failed('timeout');
    });
    const reply = (answer: T): void => {
      const back = (): void => {
        if (!isOpen) return;
        isOpen = false;
        clock.cancel(timer);
        then(answer);
      };
      lab.command(own, 'answer of a node', back, WAY_MS);
    };
    const { name: what } = this.command;
    lab.command<RabbitNode>(host, what, (process) => act(process, reply), WAY_MS);
  }

  /** Asks several nodes, one after the other; a node that is down answers null. */
  onEach<T>(
    names: readonly string[],
    act: (node: RabbitNode, reply: Reply<T>) => void,
    then: (answers: readonly (T | null)[]) => void,
  ): void {
    const answers: (T | null)[] = [];
    const step = (): void => {
      const name = names[answers.length];
      if (name === undefined) {
        then(answers);
        return;
      }
      const next = (answer: T | null): void => {
        answers.push(answer);
        step();
      };
      this.ask(act, next, name, () => next(null));
    };
    step();
  }

  // ------------------------------------------------------------------------------------ its end

  print(...lines: readonly string[]): void {
    for (const line of lines) this.call.out(line);
  }

  /** Well done, with so much to say. */
  done(...lines: readonly string[]): void {
    this.print(...lines);
    this.#end(EXIT.OK);
  }

  /** Well done, with a listing, or what stands instead of an empty one. */
  list(listing: Listing, whenEmpty: readonly string[] = []): void {
    const { formatter } = this;
    assert(formatter !== null, 'a command that lists has a formatter', { name: this.command.name });
    const headers = !this.isSilent && this.text('table-headers') !== 'false';
    const lines = formatted(listing, formatter, headers);
    this.done(...(lines.length === 0 ? whenEmpty : lines));
  }

  /** `Error:` and what is wrong. */
  error(text: string, code: number = EXIT.UNAVAILABLE): void {
    this.fail(code, `Error:\n${text}`);
  }

  fail(code: number, text: string): void {
    assert(code !== EXIT.OK, 'a failure has a code', { text });
    for (const line of text.split('\n')) this.call.err(line);
    this.#end(code);
  }

  #end(code: number): void {
    assert(!this.#isOver, 'a command ends once', { name: this.command.name });
    this.#isOver = true;
    this.call.exit(code);
  }
}

/** `rabbit@rabbit-1` of the node on a host. */
export function nodeNameOf(host: string): string {
  return `rabbit@${host}`;
}

/** The host of a node's name; null: no node of ours is called so. */
export function hostOf(name: string): string | null {
  return name.startsWith('rabbit@') ? name.slice('rabbit@'.length) : null;
}
