/**
 * Monitors of processes: whoever monitors a registered name hears once that it has ended, is not
 * there, or that its node is not connected.
 *
 * Source: `erlang:monitor/2`; its reasons `noproc` and `normal` are `ended` here.
 * Not here: links between nodes (`cluster/node-links.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Term } from '../../wire/erlang/term.ts';
import type { NodeLinks } from '../cluster/node-links.ts';
import type { Address } from './ra-machine.ts';

/** The name by which nodes tell each other of their processes. */
const MONITOR = 'process_monitor';

type DownReason = 'ended' | 'noconnection';

type Word =
  | { readonly type: 'monitor'; readonly name: string }
  /** Its monitors, and its processes, are new: who monitored one of before asks again. */
  | { readonly type: 'began' }
  /** All processes of this node end. */
  | { readonly type: 'ended' }
  | { readonly type: 'down'; readonly name: string; readonly reason: DownReason };

interface Monitored {
  readonly process: Address;
  readonly watchers: Set<(reason: DownReason) => void>;
}

/** By the links of a node's incarnation. */
const monitors = new WeakMap<NodeLinks, ProcessMonitor>();

export class ProcessMonitor {
  readonly #links: NodeLinks;
  /** Names of this node, each with the nodes that monitor it. */
  readonly #processes = new Map<string, Set<string>>();
  readonly #monitored = new Map<string, Monitored>();
  readonly #ends = new Set<(node: string) => void>();

  /** That of a node, of which all that run there have one. */
  static of(links: NodeLinks): ProcessMonitor {
    let monitor = monitors.get(links);
    if (monitor === undefined) monitors.set(links, (monitor = new ProcessMonitor(links)));
    return monitor;
  }

  private constructor(links: NodeLinks) {
    this.#links = links;
    links.register(MONITOR, (from, message) => this.#received(from, message as unknown as Word));
    links.watch({
      nodeUp: () => undefined,
      nodeDown: (node) => this.#nodeDown(node, 'noconnection'),
      ending: () => this.#sayAll({ type: 'ended' }),
    });
    // A node is reached before its processes begin, and while its application is anew.
    this.#sayAll({ type: 'began' });
  }

  /** Tells when the application of another node ended, with all its processes. */
  watchEnd(ended: (node: string) => void): () => void {
    this.#ends.add(ended);
    return () => {
      this.#ends.delete(ended);
    };
  }

  /** A process of this node begins. */
  register(name: string, receive: (from: string, message: Term) => void): void {
    assert(!this.#processes.has(name), 'a name is given once', { name });
    this.#processes.set(name, new Set());
    this.#links.register(name, receive);
  }

  /** It ends: who monitors it is told. */
  unregister(name: string): void {
    const nodes = this.#processes.get(name);
    assert(nodes !== undefined, 'it had begun', { name });
    this.#processes.delete(name);
    this.#links.unregister(name);
    for (const node of nodes) this.#say(node, { type: 'down', name, reason: 'ended' });
  }

  /** Tells once, in a later event; gives what ends it. */
  monitor(process: Address, watcher: (reason: DownReason) => void): () => void {
    const key = keyOf(process);
    let monitored = this.#monitored.get(key);
    if (monitored === undefined) {
      monitored = { process, watchers: new Set() };
      this.#monitored.set(key, monitored);
      const { node, name } = process;
      if (this.#links.isConnected(node)) this.#say(node, { type: 'monitor', name });
      else this.#say(this.#links.self, { type: 'down', name: key, reason: 'noconnection' });
    }
    const { watchers } = monitored;
    watchers.add(watcher);
    return () => {
      watchers.delete(watcher);
    };
  }

  #say(node: string, word: Word): void {
    this.#links.send(node, MONITOR, word);
  }

  #received(from: string, word: Word): void {
    if (word.type === 'began') {
      this.#askAgain(from);
      return;
    }
    if (word.type === 'ended') {
      this.#nodeDown(from, 'ended');
      for (const ended of [...this.#ends]) ended(from);
      return;
    }
    const { name } = word;
    if (word.type === 'monitor') {
      const nodes = this.#processes.get(name);
      if (nodes === undefined) this.#say(from, { type: 'down', name, reason: 'ended' });
      else nodes.add(from);
    } else if (word.reason === 'noconnection') {
      assert(from === this.#links.self, 'a word to oneself', { from });
      this.#down(name, word.reason);
    } else {
      this.#down(keyOf({ node: from, name }), word.reason);
    }
  }

  #askAgain(node: string): void {
    for (const { process } of this.#monitored.values()) {
      if (process.node === node) this.#say(node, { type: 'monitor', name: process.name });
    }
  }

  #sayAll(word: Word): void {
    const { self, members } = this.#links;
    for (const node of members) if (node !== self) this.#say(node, word);
  }

  #nodeDown(node: string, reason: DownReason): void {
    for (const nodes of this.#processes.values()) nodes.delete(node);
    for (const [key, { process }] of [...this.#monitored]) {
      if (process.node === node) this.#down(key, reason);
    }
  }

  #down(key: string, reason: DownReason): void {
    const monitored = this.#monitored.get(key);
    if (monitored === undefined) return;
    this.#monitored.delete(key);
    for (const watcher of [...monitored.watchers]) watcher(reason);
  }
}

function keyOf({ node, name }: Address): string {
  return `${name}@${node}`;
}
