/**
 * What can be done to metadata, as data: one change is one transaction, which every node applies in
 * the same order with the same result.
 *
 * A change says what is wanted, and finds out by itself what is there: of two that declare the same
 * queue at once, the later is told that nothing changed. Not here: whether a client may ask
 * (`vhost/`), whether a pattern is one (`administration.ts`), and what a change does
 * (`apply-change.ts`). Source: `rabbit_vhost`, `rabbit_auth_backend_internal`, `rabbit_policy`,
 * `rabbit_exchange`, `rabbit_amqqueue`, `rabbit_binding`, or since 3.13 `rabbit_db_*`.
 */
import type { Binding } from '../exchange/binding.ts';
import type { ExchangeDeclaration } from '../exchange/exchange.ts';
import type { QueueRecord } from '../queue/queue-types.ts';
import type { Policy } from '../vhost/policies.ts';
import type { Permissions, TopicPermissions } from '../vhost/users.ts';
import type { NodeRow, PolicyOwner, UserRow, VhostRow } from './rows.ts';

interface OfUser {
  readonly user: string;
  readonly vhost: string;
}

export type MetadataChange =
  | { readonly kind: 'add-vhost'; readonly vhost: VhostRow }
  | { readonly kind: 'delete-vhost'; readonly vhost: string }
  | { readonly kind: 'add-user'; readonly user: UserRow }
  | { readonly kind: 'delete-user'; readonly user: string }
  | {
      readonly kind: 'change-password';
      readonly user: string;
      readonly passwordHash: Uint8Array;
    }
  | { readonly kind: 'set-user-tags'; readonly user: string; readonly tags: readonly string[] }
  | (OfUser & { readonly kind: 'set-permissions'; readonly permissions: Permissions })
  | (OfUser & { readonly kind: 'clear-permissions' })
  | (OfUser & {
      readonly kind: 'set-topic-permissions';
      readonly exchange: string;
      readonly permissions: TopicPermissions;
    })
  /** Of one exchange, or of all (null). */
  | (OfUser & { readonly kind: 'clear-topic-permissions'; readonly exchange: string | null })
  | {
      readonly kind: 'set-policy';
      readonly vhost: string;
      readonly by: PolicyOwner;
      readonly policy: Policy;
    }
  | {
      readonly kind: 'clear-policy';
      readonly vhost: string;
      readonly by: PolicyOwner;
      readonly name: string;
    }
  | {
      readonly kind: 'declare-exchange';
      readonly vhost: string;
      readonly declaration: ExchangeDeclaration;
    }
  | {
      readonly kind: 'delete-exchange';
      readonly vhost: string;
      readonly name: string;
      readonly ifUnused: boolean;
    }
  | { readonly kind: 'declare-queue'; readonly vhost: string; readonly record: QueueRecord }
  /** Another leader or other members of a queue that is there. */
  | {
      readonly kind: 'move-queue';
      readonly vhost: string;
      readonly name: string;
      readonly leader: string;
      /** Null: as they are, the leader among them. */
      readonly members: readonly string[] | null;
    }
  | { readonly kind: 'delete-queue'; readonly vhost: string; readonly name: string }
  /** A node is gone, and with it the transient queues that it had (`on_node_down`). */
  | { readonly kind: 'delete-transient-queues'; readonly leader: string }
  | { readonly kind: 'bind'; readonly vhost: string; readonly binding: Binding }
  | { readonly kind: 'unbind'; readonly vhost: string; readonly binding: Binding }
  | { readonly kind: 'set-cluster-name'; readonly name: string }
  /** A node of the cluster, from now on and until it is removed. */
  | { readonly kind: 'add-node'; readonly node: NodeRow }
  | { readonly kind: 'remove-node'; readonly name: string };

/** What became of a change. */
export type Outcome =
  | { readonly kind: 'applied' }
  /** It was so before: declared, deleted, bound. */
  | { readonly kind: 'unchanged' }
  /** An exchange that must be unused is not. */
  | { readonly kind: 'in-use' }
  | {
      readonly kind: 'missing';
      readonly what: 'vhost' | 'user' | 'exchange' | 'queue';
      readonly name: string;
    }
  /** Nobody can say now, as where too few nodes are there; it may happen yet. */
  | { readonly kind: 'unavailable'; readonly reason: string };

/** What a change is about, as a trace names it. */
export function subjectOf(change: MetadataChange): string {
  switch (change.kind) {
    case 'add-vhost':
      return change.vhost.name;
    case 'add-user':
      return change.user.name;
    case 'delete-vhost':
      return change.vhost;
    case 'set-policy':
      return change.policy.name;
    case 'declare-exchange':
      return change.declaration.name;
    case 'add-node':
      return change.node.name;
    case 'declare-queue':
      return change.record.declaration.name;
    case 'delete-transient-queues':
      return change.leader;
    case 'bind':
    case 'unbind':
      return `${change.binding.source} to ${change.binding.destination.name}`;
    default:
      return 'name' in change ? change.name : change.user;
  }
}
