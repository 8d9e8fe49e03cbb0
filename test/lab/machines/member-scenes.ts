/**
 * Scenes in the simulated world in which members of a classic group join, wait, are thrown out and
 * leave.
 */
import type { World } from '../../../engine/sim/world.ts';
import { GroupRig } from '../../kafka/client/consumer/group-rig.ts';

const SHORT_SESSION = { 'session.timeout.ms': '6000', 'heartbeat.interval.ms': '2000' } as const;

/** What was played, and the member that it is about. */
export interface MemberStory {
  readonly world: World;
  readonly member: string;
}

export function joinsAgainAndLeaves(): MemberStory {
  const rig = new GroupRig(2);
  const one = rig.member('one');
  rig.stable([one]);
  const two = rig.member('two');
  rig.stable([one, two]);
  one.command('close', (consumer) => consumer.stop());
  rig.cluster.sleep(1);
  return { world: rig.cluster.world, member: 'one' };
}

function closesWhileItJoins(): MemberStory {
  const rig = new GroupRig(1);
  const one = rig.member('one');
  rig.cluster.until('it joins', () => one.view.memberState === 'PREPARING_REBALANCE');
  one.command('close', (consumer) => consumer.close());
  rig.cluster.sleep(1);
  return { world: rig.cluster.world, member: 'one' };
}

/** The leader crashes before it can hand in the assignment. */
export function waitsForTheLeader(then: 'joins again' | 'closes'): MemberStory {
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
  return { world: rig.cluster.world, member: follower.name };
}

export const memberStateScenes = [
  () => joinsAgainAndLeaves().world,
  () => closesWhileItJoins().world,
  () => waitsForTheLeader('joins again').world,
  () => waitsForTheLeader('closes').world,
] as const;
