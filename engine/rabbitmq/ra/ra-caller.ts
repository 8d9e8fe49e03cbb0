/**
 * Asks a Ra cluster from any node, and waits for the answer: finds the leader, follows it, and
 * gives up after a time. One for each node, for all clusters.
 *
 * What timed out may have happened, or may happen yet. A command is sent again only where it was
 * refused or could not have arrived, so it is never applied twice.
 *
 * Source: `ra:process_command/3`, `ra:consistent_query/3`, `ra:add_member/2`; there a command that
 * is refused without a hint at the leader is tried again, too. Not here: commands that do not wait
 * for each other (pipelining, `quorum/fifo-client.ts`).
 */
import { assert, present } from '../../kernel/assert.ts';
import type { Ports, TimerId } from '../../kernel/ports.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import type { Term } from '../../wire/erlang/term.ts';
import type { NodeLinks } from '../cluster/node-links.ts';
import type { ProcessMonitor } from './process-monitor.ts';
import {
  asTerm,
  type ClientWord,
  type MemberChange,
  type QueryKind,
  type ServerWord,
} from './ra-message.ts';

/** Between two attempts, where nobody leads yet. */
const RETRY_MS = 100;
const REDIRECTS_MAX = 3;
/** `?COMMAND_TIMEOUT`, `DEFAULT_TIMEOUT` of ra. */
const TIMEOUT_MS = 5000;

export interface RaCluster {
  readonly name: string;
  readonly members: readonly string[];
}

export type RaResult =
  | { readonly kind: 'reply'; readonly reply: Term; readonly leader: string }
  /** A change of members that cannot be: `effect.ts` of the consensus has the reasons. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'timeout' };

type Done = (result: RaResult) => void;
type Question =
  | { readonly type: 'command'; readonly command: Term }
  | { readonly type: 'query'; readonly kind: QueryKind; readonly question: Term }
  | { readonly type: 'change'; readonly change: MemberChange; readonly member: string };

interface Call {
  readonly cluster: RaCluster;
  readonly question: Question;
  readonly done: Done;
  readonly timeout: TimerId;
  /** Whom it was sent to last; null before that. */
  asked: string | null;
  /**
   * How often it was sent on without a pause: two members may each hold the other for the leader.
   */
  redirects: number;
}

export class RaCaller {
  readonly #ports: Pick<Ports, 'clock' | 'incarnation'>;
  readonly #links: NodeLinks;
  readonly #name: string;
  readonly #calls = new Map<number, Call>();
  /** By cluster: who answered last. */
  readonly #leaders = new Map<string, string>();
  #ids = 0;

  constructor(
    ports: Pick<Ports, 'clock' | 'incarnation'>,
    options: {
      readonly links: NodeLinks;
      readonly processes: ProcessMonitor;
      /** Of the caller among those of its node. */
      readonly name: string;
    },
  ) {
    const { links, processes, name } = options;
    this.#ports = ports;
    this.#links = links;
    // Nobody answers to an incarnation that is gone.
    this.#name = `ra_caller_${name}-${ports.incarnation}`;
    processes.register(this.#name, (_from, word) => this.#received(word as unknown as ClientWord));
  }

  command(cluster: RaCluster, command: Term, done: Done, timeoutMs: number = TIMEOUT_MS): void {
    this.#begin(cluster, { type: 'command', command }, done, timeoutMs);
  }

  query(cluster: RaCluster, kind: QueryKind, question: Term, done: Done): void {
    this.#begin(cluster, { type: 'query', kind, question }, done, TIMEOUT_MS);
  }

  /** Members come and go one at a time; a new one must have caught up (`NOT_CAUGHT_UP`). */
  change(cluster: RaCluster, change: MemberChange, member: string, done: Done): void {
    this.#begin(cluster, { type: 'change', change, member }, done, TIMEOUT_MS);
  }

  #begin(cluster: RaCluster, question: Question, done: Done, timeoutMs: number): void {
    assert(cluster.members.length > 0 && timeoutMs > 0, 'somebody to ask', { ...cluster });
    this.#ids += 1;
    const id = this.#ids;
    const timeout = this.#ports.clock.after(microsOfMillis(timeoutMs), 'ra/call', () => {
      this.#calls.delete(id);
      // Who led may be connected, and its application gone.
      this.#leaders.delete(cluster.name);
      done({ kind: 'timeout' });
    });
    const call: Call = { cluster, question, done, timeout, asked: null, redirects: 0 };
    this.#calls.set(id, call);
    this.#ask(id, call, this.#leaders.get(cluster.name) ?? null);
  }

  #ask(id: number, call: Call, hint: string | null): void {
    const { members } = call.cluster;
    const isUp = (node: string): boolean => this.#links.isConnected(node);
    const up = members.filter(isUp);
    const after = call.asked === null ? -1 : up.indexOf(call.asked);
    const next = up[(after + 1) % Math.max(1, up.length)];
    // A query of a member's own state is for the nearest one.
    const own = members.includes(this.#links.self) ? this.#links.self : null;
    const isLocal = call.question.type === 'query' && call.question.kind === 'local';
    const first = isLocal || call.asked === null ? (hint ?? own) : hint;
    const node = isLocal && own !== null ? own : first !== null && isUp(first) ? first : next;
    if (node === undefined) return this.#askLater(id);
    call.asked = node;
    const reply = { to: { node: this.#links.self, name: this.#name }, correlation: id };
    const word: ServerWord = { ...call.question, reply };
    this.#links.send(node, call.cluster.name, asTerm(word));
  }

  #askLater(id: number): void {
    this.#ports.clock.after(microsOfMillis(RETRY_MS), 'ra/retry', () => {
      const call = this.#calls.get(id);
      if (call === undefined) return;
      call.redirects = 0;
      this.#ask(id, call, null);
    });
  }

  #received(word: ClientWord): void {
    if (word.type === 'applied') {
      for (const [id, reply] of word.replies) this.#answered(id as number, word, reply);
    } else if (word.type === 'rejected') {
      this.#rejected(word);
    }
  }

  #answered(id: number, { cluster, leader }: { cluster: string; leader: string }, reply: Term) {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    if (call.question.type !== 'query' || call.question.kind !== 'local') {
      this.#leaders.set(cluster, leader);
    }
    this.#end(id, call, { kind: 'reply', reply, leader });
  }

  #rejected(word: Extract<ClientWord, { type: 'rejected' }>): void {
    const id = word.correlation as number;
    const call = this.#calls.get(id);
    if (call === undefined) return;
    const { leader, reason } = word;
    if (reason !== 'NOT_LEADER' && reason !== 'TRANSFERRING') {
      this.#end(id, call, { kind: 'refused', reason });
    } else if (
      leader !== null &&
      leader !== call.asked &&
      call.redirects < REDIRECTS_MAX &&
      this.#links.isConnected(leader)
    ) {
      call.redirects += 1;
      this.#ask(id, call, leader);
    } else {
      this.#leaders.delete(word.cluster);
      this.#askLater(id);
    }
  }

  #end(id: number, call: Call, result: RaResult): void {
    this.#calls.delete(id);
    this.#ports.clock.cancel(present(call.timeout, 'a timer'));
    call.done(result);
  }
}
