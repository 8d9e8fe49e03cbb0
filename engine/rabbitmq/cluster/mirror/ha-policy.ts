/**
 * What a policy says of a queue's mirrors, and on which nodes they should be.
 *
 * `ha-mode` all: every node; exactly: so many, which are kept while they are there; nodes: those
 * that are named. Not here: making mirrors and making one the leader (`mirrored-queue.ts`).
 * Sources: `rabbit_mirror_queue_mode_all`, `_exactly`, `_nodes`; rabbitmq.com/docs/3.13/ha.
 */
import { assert } from '../../../kernel/assert.ts';
import type { Random } from '../../../kernel/ports.ts';
import type { PolicyDefinition } from '../../queue/queue-settings.ts';

export interface HaPolicy {
  readonly mode: 'all' | 'exactly' | 'nodes';
  /** Of `exactly`: the leader and its mirrors together. */
  readonly count: number;
  /** Of `nodes`: hosts. */
  readonly nodes: readonly string[];
  readonly syncsAutomatically: boolean;
  /** An unsynchronised mirror may become the leader, too (`ha-promote-on-failure`). */
  readonly promotesAlways: boolean;
  /** The same where the leader's node goes down in order (`ha-promote-on-shutdown`). */
  readonly promotesOnShutdown: boolean;
}

/** Null: the queue has no mirrors. */
export function haPolicyOf(policy: PolicyDefinition): HaPolicy | null {
  const mode = policy['ha-mode'];
  if (mode !== 'all' && mode !== 'exactly' && mode !== 'nodes') return null;
  const params = policy['ha-params'];
  const count = typeof params === 'number' ? params : 1;
  const nodes = Array.isArray(params) ? params.map((of) => hostOf(`${of}`)) : [];
  assert(count >= 1, 'policies were checked', { count });
  return {
    mode,
    count,
    nodes,
    syncsAutomatically: policy['ha-sync-mode'] === 'automatic',
    promotesAlways: policy['ha-promote-on-failure'] !== 'when-synced',
    promotesOnShutdown: policy['ha-promote-on-shutdown'] === 'always',
  };
}

/**
 * The members that a queue should have, its leader first: those that it has stay where they may,
 * oldest first.
 */
export function suggestedMembers(
  policy: HaPolicy | null,
  current: { readonly leader: string; readonly members: readonly string[] },
  running: readonly string[],
  random: Random,
): readonly string[] {
  const { leader } = current;
  if (policy === null) return [leader];
  const { mode, count, nodes } = policy;
  const here = current.members.filter((node) => running.includes(node) && node !== leader);
  const others = running.filter((node) => node !== leader && !here.includes(node));
  assert(running.includes(leader), 'a leader runs', { leader });
  if (mode === 'all') return [leader, ...here, ...others];
  if (mode === 'exactly') return [leader, ...here, ...random.shuffle(others)].slice(0, count);
  const named = nodes.filter((node) => running.includes(node));
  // If none of them runs, the queue stays where it is.
  if (named.length === 0) return [leader];
  const kept = here.filter((node) => named.includes(node));
  return [leader, ...kept, ...named.filter((node) => node !== leader && !kept.includes(node))];
}

/**
 * Where the policy names nodes and the leader's is none of them: one of them whose mirror has all,
 * which is to lead; null: nobody is, and the leader stays, so that nothing is lost
 * (`rabbit_mirror_queue_mode_nodes:suggested_queue_nodes`).
 */
export function namedInstead(
  policy: HaPolicy | null,
  leader: string,
  running: readonly string[],
  synchronised: ReadonlySet<string>,
): string | null {
  if (policy?.mode !== 'nodes' || policy.nodes.includes(leader)) return null;
  assert(!synchronised.has(leader), 'a leader is no mirror', { leader });
  return policy.nodes.find((node) => synchronised.has(node) && running.includes(node)) ?? null;
}

function hostOf(name: string): string {
  return name.startsWith('rabbit@') ? name.slice('rabbit@'.length) : name;
}
