/**
 * What nodes ask each other about their clusters, members or not, and how one is asked.
 *
 * A call reaches the node, waits for the answer, and gives up when the node goes down or the time
 * is over. Not here: what is answered (`cluster-membership.ts`). Source: `rpc:call/4` as
 * `rabbit_mnesia` uses it; `rabbit_misc:rpc_call`.
 */
import { assert } from '../../../kernel/assert.ts';
import type { TimerId } from '../../../kernel/ports.ts';
import { microsOfMillis } from '../../../kernel/units.ts';
import type { NodeRow } from '../../metadata/rows.ts';
import type { Distribution } from '../distribution.ts';
import type { MemberNode } from '../node-membership.ts';
import type { Term } from '../node-links.ts';

/** Under which a node answers, also those that are no members. */
export const DOOR = 'rabbit_db_cluster';

/** What a node says of itself (`rabbit_mnesia:node_info`). */
export interface NodeInfo {
  readonly nodes: readonly NodeRow[];
  /** Whether it has tables that others may take, and clients. */
  readonly hasTables: boolean;
  readonly isRunning: boolean;
}

/** Why it was not done: an error's name as the real one has it, and its sentence. */
export interface Refusal {
  readonly error: string;
  readonly text: string;
}

export type Question =
  | { readonly ask: 'node_info' }
  | { readonly ask: 'add'; readonly node: NodeRow }
  | { readonly ask: 'remove'; readonly node: string }
  /** To one that was removed, by who removed it. */
  | { readonly ask: 'reset' };

export type Answer = NodeInfo | Refusal | null;

type Word =
  | { readonly kind: 'question'; readonly id: number; readonly question: Question }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer };

interface Call {
  readonly node: string;
  readonly timer: TimerId;
  readonly done: (answer: Answer | 'nodedown') => void;
}

/** A change of metadata gives up after 30 s, a handshake after 7. */
const TIMEOUT_MS = 60_000;
/** How often it is looked whether a node is reached. */
const LOOK_MS = 50;

export class MembershipCalls {
  readonly #node: Pick<MemberNode, 'ports' | 'links'>;
  readonly #calls = new Map<number, Call>();
  #ids = 0;

  constructor(node: Pick<MemberNode, 'ports' | 'links'>) {
    this.#node = node;
  }

  start(answer: (question: Question, reply: (answer: Answer) => void) => void): void {
    this.#node.links.register(DOOR, (from, term) => {
      const word = term as unknown as Word;
      if (word.kind === 'answer') return this.#end(word.id, word.answer);
      answer(word.question, (given) =>
        this.#send(from, { kind: 'answer', id: word.id, answer: given }),
      );
    });
  }

  /** `nodedown`: it cannot be reached, or went while it was asked. */
  call(node: string, question: Question, done: Call['done']): void {
    const { clock } = this.#node.ports;
    const { links } = this.#node;
    assert(node !== links.self, 'another node is asked', { node, ask: question.ask });
    this.#ids += 1;
    const id = this.#ids;
    const fire = (): void => this.#end(id, 'nodedown');
    const timer = clock.after(microsOfMillis(TIMEOUT_MS), 'rpc', fire);
    this.#calls.set(id, { node, timer, done });
    links.reach(node);
    this.#whenReached(id, () => this.#send(node, { kind: 'question', id, question }));
  }

  /** Sends when the node is there, and looks on whether it stays. */
  #whenReached(id: number, reached: (() => void) | null): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    const { links, ports } = this.#node;
    const isConnected = links.isConnected(call.node);
    if (isConnected) reached?.();
    else if (reached === null || !links.isReaching(call.node)) return this.#end(id, 'nodedown');
    const next = isConnected ? null : reached;
    ports.clock.after(microsOfMillis(LOOK_MS), 'rpc', () => this.#whenReached(id, next));
  }

  #send(node: string, word: Word): void {
    const links: Distribution = this.#node.links;
    if (links.isConnected(node)) links.send(node, DOOR, word as unknown as Term);
  }

  #end(id: number, answer: Answer | 'nodedown'): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    this.#node.ports.clock.cancel(call.timer);
    call.done(answer);
  }
}
