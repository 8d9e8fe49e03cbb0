/**
 * Invariant K31: in one generation of a group, a partition is owned by at most one member. With
 * cooperative rebalancing too: what moves is given up in one generation and given out in the next.
 *
 * A member that was thrown out and does not know it yet is in an older generation, or in none, and
 * breaks nothing. Source: KIP-429; `AbstractStickyAssignor`.
 */
import type { GroupConsumerView } from '../../../kafka/client/consumer/group/member-view.ts';

export class OwnershipCheck {
  /** Null while it holds; otherwise what is wrong. By member: its view. */
  defect(views: ReadonlyMap<string, GroupConsumerView>): string | null {
    const owners = new Map<string, string>();
    for (const [member, { generation, partitions, memberState }] of views) {
      if (generation < 0 || memberState !== 'STABLE') continue;
      for (const { partition } of partitions) {
        const key = `${partition} in generation ${generation}`;
        const other = owners.get(key);
        if (other !== undefined) return `${other} and ${member} both own ${key}`;
        owners.set(key, member);
      }
    }
    return null;
  }
}
