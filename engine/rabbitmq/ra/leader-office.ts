/**
 * What a leader does for its machine: it tells clients, monitors processes and nodes, and keeps the
 * machine's timer. All of it ends with the office.
 *
 * Replies to one client that come of one batch of commands go in one message, as the `applied`
 * event of Ra. Not here: what a machine wants (`ra-machine.ts`), the log (`ra-server.ts`).
 */
import { assert, unreachable } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { Timer } from '../../kernel/timer.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import type { Term } from '../../wire/erlang/term.ts';
import type { NodeLinks } from '../cluster/node-links.ts';
import type { ProcessMonitor } from './process-monitor.ts';
import type { Address, BuiltinCommand, RaEffect } from './ra-machine.ts';
import { asTerm, type ClientWord, type ReplyTo } from './ra-message.ts';

interface OfficeOptions {
  readonly cluster: string;
  readonly ports: Pick<Ports, 'clock'>;
  readonly links: NodeLinks;
  readonly processes: ProcessMonitor;
  /** A command for the log, of which nobody is told. */
  readonly append: (command: Term) => void;
  readonly tick: () => void;
}

/** `quorum_tick_interval` */
const TICK_MS = 5000;

export class LeaderOffice {
  readonly #options: OfficeOptions;
  readonly #timer: Timer;
  readonly #ticks: Timer;
  readonly #monitors = new Map<string, () => void>();
  readonly #nodes = new Set<string>();
  readonly #unwatch: () => void;
  /** By the client's node and name. */
  #replies = new Map<
    string,
    { readonly to: Address; readonly replies: (readonly [Term, Term])[] }
  >();
  #isOpen = true;

  constructor(options: OfficeOptions) {
    this.#options = options;
    this.#timer = new Timer(options.ports.clock);
    this.#ticks = new Timer(options.ports.clock);
    this.#setTick();
    this.#unwatch = options.links.watch({
      nodeUp: (node) => this.#nodeUp(node),
      nodeDown: () => undefined,
    });
  }

  perform(effects: readonly RaEffect[]): void {
    for (const effect of effects) {
      if (this.#isOpen) this.#performOne(effect);
    }
  }

  /** A command was applied; its client is told with the batch. */
  replied({ to, correlation }: ReplyTo, reply: Term): void {
    const key = keyOf(to);
    const known = this.#replies.get(key);
    if (known === undefined) this.#replies.set(key, { to, replies: [[correlation, reply]] });
    else known.replies.push([correlation, reply]);
  }

  /** The batch is over. */
  tell(): void {
    const told = this.#replies;
    this.#replies = new Map();
    const { cluster, links } = this.#options;
    for (const { to, replies } of told.values()) {
      this.#say(to, { type: 'applied', cluster, leader: links.self, replies });
    }
  }

  close(): void {
    assert(this.#isOpen, 'an office ends once', { cluster: this.#options.cluster });
    this.#isOpen = false;
    this.#timer.cancel();
    this.#ticks.cancel();
    for (const demonitor of this.#monitors.values()) demonitor();
    this.#monitors.clear();
    this.#unwatch();
  }

  #performOne(effect: RaEffect): void {
    const { cluster, links, append } = this.#options;
    switch (effect.effect) {
      case 'send': {
        // Replies that came before go before.
        this.tell();
        const { to, message } = effect;
        this.#say(to, { type: 'machine', cluster, leader: links.self, message });
        return;
      }
      case 'monitor':
        this.#monitor(effect.process);
        return;
      case 'monitor-node':
        this.#nodes.add(effect.node);
        return;
      case 'timer':
        this.#setTimer(effect.delayMs);
        return;
      case 'append':
        append(effect.command);
        return;
      case 'call':
        effect.run();
        return;
      default:
        unreachable('an effect', effect);
    }
  }

  #say({ node, name }: Address, word: ClientWord): void {
    this.#options.links.send(node, name, asTerm(word));
  }

  #setTick(): void {
    this.#ticks.set(microsOfMillis(TICK_MS), 'ra/tick', () => {
      this.#setTick();
      this.#options.tick();
    });
  }

  #setTimer(delayMs: number | null): void {
    if (delayMs === null) {
      this.#timer.cancel();
      return;
    }
    assert(delayMs >= 0, 'a time to come', { delayMs });
    this.#timer.set(microsOfMillis(delayMs), 'ra/machine', () => this.#append({ type: 'timeout' }));
  }

  #monitor(process: Address): void {
    const key = keyOf(process);
    if (this.#monitors.has(key)) return;
    const { node, name } = process;
    const demonitor = this.#options.processes.monitor(process, (reason) => {
      this.#monitors.delete(key);
      this.#append({ type: 'down', process: { node, name }, reason });
    });
    this.#monitors.set(key, demonitor);
  }

  #nodeUp(node: string): void {
    if (this.#nodes.delete(node)) this.#append({ type: 'nodeup', node });
  }

  #append(command: BuiltinCommand): void {
    assert(this.#isOpen, 'only a leader appends', { cluster: this.#options.cluster });
    this.#options.append(command);
  }
}

function keyOf({ node, name }: Address): string {
  return `${name}@${node}`;
}
