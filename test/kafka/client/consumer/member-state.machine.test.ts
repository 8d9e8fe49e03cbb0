/**
 * A member's machine: what members of real groups go through, until every transition of the chart
 * was seen.
 */
import { describe, expect, test } from 'vitest';
import { toDirectedGraph } from 'xstate/graph';
import { memberStateMachine } from '#engine/kafka/client/consumer/group/member-state.machine.ts';
import { GroupRig } from './group-rig.ts';

const SHORT_SESSION = { 'session.timeout.ms': '6000', 'heartbeat.interval.ms': '2000' } as const;

/** Transitions as `from EVENT to`, in the order in which a host took them. */
function stepsOf(rig: GroupRig, host: string): string[] {
  return [...rig.cluster.world.trace.entries()].flatMap(({ kind, host: at, data }) => {
    const ours = kind === 'machine' && at === host && data['machine'] === 'member-state';
    return ours && data['from'] !== '' ? [`${data['from']} ${data['event']} ${data['to']}`] : [];
  });
}

const JOINING = [
  'UNJOINED JOIN PREPARING_REBALANCE',
  'PREPARING_REBALANCE JOIN PREPARING_REBALANCE',
  'PREPARING_REBALANCE JOINED COMPLETING_REBALANCE',
  'COMPLETING_REBALANCE SYNCED STABLE',
];

function joinsAgainAndLeaves(): string[] {
  const rig = new GroupRig(2);
  const one = rig.member('one');
  rig.stable([one]);
  const two = rig.member('two');
  rig.stable([one, two]);
  one.command('close', (consumer) => consumer.stop());
  rig.cluster.sleep(1);
  return stepsOf(rig, 'one');
}

function closesWhileItJoins(): string[] {
  const rig = new GroupRig(1);
  const one = rig.member('one');
  rig.cluster.until('it joins', () => one.view.memberState === 'PREPARING_REBALANCE');
  one.command('close', (consumer) => consumer.close());
  rig.cluster.sleep(1);
  return stepsOf(rig, 'one');
}

/** The leader crashes before it can hand in the assignment. */
function waitsForTheLeader(then: 'joins again' | 'closes'): string[] {
  const rig = new GroupRig(2);
  const members = ['one', 'two'].map((name) => rig.member(name, SHORT_SESSION));
  const completing = (): boolean => rig.group?.state === 'CompletingRebalance';
  rig.cluster.until('everybody joined', completing);
  const leader = rig.group?.members.find(({ isLeader }) => isLeader)?.clientId;
  const follower = members.find(({ name }) => name !== leader);
  if (leader === undefined || follower === undefined) throw new Error('two members');
  rig.cluster.inject({ fault: 'crash', host: leader });
  rig.cluster.until('it waits', () => follower.view.memberState === 'COMPLETING_REBALANCE');
  if (then === 'joins again') {
    rig.stable([follower]);
  } else {
    follower.command('close', (consumer) => consumer.close());
    rig.cluster.sleep(1);
  }
  return stepsOf(rig, follower.name);
}

describe('kafka: member state', () => {
  test('joins, is called again, leaves', () => {
    expect(joinsAgainAndLeaves()).toEqual([
      ...JOINING,
      'STABLE JOIN PREPARING_REBALANCE',
      'PREPARING_REBALANCE JOINED COMPLETING_REBALANCE',
      'COMPLETING_REBALANCE SYNCED STABLE',
      'STABLE RESET UNJOINED',
    ]);
  });

  test('a follower whose leader is gone joins again', () => {
    expect(waitsForTheLeader('joins again').slice(3, 4)).toEqual([
      'COMPLETING_REBALANCE JOIN PREPARING_REBALANCE',
    ]);
  });

  test('every transition of the chart was seen', () => {
    const seen = new Set([
      ...joinsAgainAndLeaves(),
      ...closesWhileItJoins(),
      ...waitsForTheLeader('joins again'),
      ...waitsForTheLeader('closes'),
    ]);
    const chart = toDirectedGraph(memberStateMachine).children.flatMap(({ edges }) =>
      edges.map(({ source, label, target }) => `${source.key} ${label.text} ${target.key}`),
    );
    expect([...seen].toSorted()).toEqual(chart.toSorted());
  });
});
