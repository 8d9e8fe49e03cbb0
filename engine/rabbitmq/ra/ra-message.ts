/**
 * What Ra servers and their clients say to each other, as terms, by the name that all members of a
 * cluster have on their nodes.
 *
 * Source: `ra:pipeline_command`, `ra:process_command`, `ra:consistent_query`, the `ra_event` of
 * `ra_server_proc`. Not here: links (`cluster/node-links.ts`), who asks again (`ra-caller.ts`).
 */
import type { Message } from '../../consensus/message.ts';
import type { Term } from '../../wire/erlang/term.ts';

/** Who is told, and what he calls it. */
export interface ReplyTo {
  readonly to: { readonly node: string; readonly name: string };
  readonly correlation: Term;
}

/** What stands in the log for each command. */
export interface RaCommand {
  readonly command: Term;
  readonly systemTimeMs: number;
  readonly reply: ReplyTo | null;
}

/**
 * `local`: of the member that is asked. `leader`: of one that takes itself for the leader.
 * `consistent`: of a leader, when a majority has confirmed that it is one still.
 */
export type QueryKind = 'local' | 'leader' | 'consistent';

export type MemberChange = 'add' | 'remove' | 'transfer';

/** To a member. */
export type ServerWord =
  | { readonly type: 'raft'; readonly message: Message }
  | { readonly type: 'command'; readonly command: Term; readonly reply: ReplyTo | null }
  | {
      readonly type: 'query';
      readonly kind: QueryKind;
      readonly question: Term;
      readonly reply: ReplyTo;
    }
  | {
      readonly type: 'change';
      readonly change: MemberChange;
      readonly member: string;
      readonly reply: ReplyTo;
    };

/** To a client. */
export type ClientWord =
  /** Committed and applied, in this order: what each was called, and the machine's reply. */
  | {
      readonly type: 'applied';
      readonly cluster: string;
      readonly leader: string;
      readonly replies: readonly (readonly [correlation: Term, reply: Term])[];
    }
  /** Not taken: this member does not lead, but perhaps knows who does; or a change cannot be. */
  | {
      readonly type: 'rejected';
      readonly cluster: string;
      readonly leader: string | null;
      readonly reason: string;
      readonly correlation: Term;
    }
  /** What the machine sends of itself. */
  | {
      readonly type: 'machine';
      readonly cluster: string;
      readonly leader: string;
      readonly message: Term;
    };

/** Plain data by its type, which is what links carry. */
export function asTerm(word: ServerWord | ClientWord | RaCommand): Term {
  return word as unknown as Term;
}
