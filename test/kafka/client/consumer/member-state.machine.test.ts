/**
 * A member's machine: what members of real groups go through, in order. That every transition is
 * visited is for `test/lab/machines.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import {
  joinsAgainAndLeaves,
  type MemberStory,
  waitsForTheLeader,
} from '../../../lab/machines/member-scenes.ts';

/** Transitions as `from EVENT to`, in the order in which the member took them. */
function stepsOf({ world, member }: MemberStory): string[] {
  return [...world.trace.entries()].flatMap(({ kind, host, data }) => {
    const ours = kind === 'machine' && host === member && data['machine'] === 'member-state';
    return ours && data['from'] !== '' ? [`${data['from']} ${data['event']} ${data['to']}`] : [];
  });
}

const JOINING = [
  'UNJOINED JOIN PREPARING_REBALANCE',
  'PREPARING_REBALANCE JOIN PREPARING_REBALANCE',
  'PREPARING_REBALANCE JOINED COMPLETING_REBALANCE',
  'COMPLETING_REBALANCE SYNCED STABLE',
];

describe('kafka: member state', () => {
  test('joins, is called again, leaves', () => {
    expect(stepsOf(joinsAgainAndLeaves())).toEqual([
      ...JOINING,
      'STABLE JOIN PREPARING_REBALANCE',
      'PREPARING_REBALANCE JOINED COMPLETING_REBALANCE',
      'COMPLETING_REBALANCE SYNCED STABLE',
      'STABLE RESET UNJOINED',
    ]);
  });

  test('a follower whose leader is gone joins again', () => {
    expect(stepsOf(waitsForTheLeader('joins again')).slice(3, 4)).toEqual([
      'COMPLETING_REBALANCE JOIN PREPARING_REBALANCE',
    ]);
  });
});
