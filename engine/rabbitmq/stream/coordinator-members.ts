/**
 * Which nodes are members of the coordinator's Ra cluster, where nodes join and leave RabbitMQ's:
 * who is new to it asks the others, and has itself taken in.
 *
 *     no node has it yet -> all nodes begin it together
 *     it counts this node -> this node begins as one of its members
 *     it does not -> this node begins as an observer, is taken in, and votes when it has caught up
 *
 * Source: `rabbit_stream_coordinator` (`maybe_resize_coordinator_cluster`, `forget_node`). Differs:
 * there the leader looks for nodes that are no members, each time that it ticks.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import type { NodeLinks } from '../cluster/node-links.ts';
import type { RaCaller } from '../ra/ra-caller.ts';

const NAME = 'rabbit_stream_coordinator_members';
/** Who has not answered by then knows nothing of it. */
const ANSWER_MS = 1000;
const RETRY_MS = 1000;

type Word =
  | { readonly kind: 'question' }
  /** Null: there is no member on the node. */
  | { readonly kind: 'answer'; readonly members: readonly string[] | null };

export class CoordinatorMembers {
  readonly #ports: Ports;
  readonly #links: NodeLinks;
  readonly #answers = new Map<string, readonly string[] | null>();
  #decide: (() => void) | null = null;

  /** `known`: the members as this node's member knows them; null while it has none. */
  constructor(ports: Ports, links: NodeLinks, known: () => readonly string[] | null) {
    this.#ports = ports;
    this.#links = links;
    links.register(NAME, (from, term) => {
      const word = term as unknown as Word;
      if (word.kind === 'question') {
        links.send(from, NAME, { kind: 'answer', members: known() });
        return;
      }
      this.#answers.set(from, word.members);
      this.#decideIfWhole();
    });
  }

  /** The members with which this node's member begins: an observer, where it is none of them. */
  find(found: (members: readonly string[]) => void): void {
    const { self, members } = this.#links;
    assert(this.#decide === null, 'asked once', { self });
    this.#decide = () => {
      this.#decide = null;
      const there = [...this.#answers.values()].find((answer) => answer !== null) ?? null;
      found(there ?? members);
    };
    for (const node of this.#others) this.#links.send(node, NAME, { kind: 'question' });
    this.#ports.clock.after(microsOfMillis(ANSWER_MS), NAME, () => this.#decide?.());
    this.#decideIfWhole();
  }

  get #others(): readonly string[] {
    const { self, members } = this.#links;
    return members.filter((node) => node !== self && this.#links.isConnected(node));
  }

  #decideIfWhole(): void {
    const answers = [...this.#answers.values()];
    const isWhole = this.#others.every((node) => this.#answers.has(node));
    if (isWhole || answers.some((answer) => answer !== null)) this.#decide?.();
  }

  /** Asks the members to take this node in, until they have. */
  takeIn(caller: RaCaller, name: string, members: readonly string[]): void {
    const { self } = this.#links;
    assert(!members.includes(self), 'who is a member is not taken in', { self });
    caller.change({ name, members }, 'add', self, (result) => {
      if (result.kind === 'reply') return;
      if (result.kind === 'refused' && result.reason === 'DUPLICATE_VOTER') return;
      const again = (): void => this.takeIn(caller, name, members);
      this.#ports.clock.after(microsOfMillis(RETRY_MS), NAME, again);
    });
  }
}
