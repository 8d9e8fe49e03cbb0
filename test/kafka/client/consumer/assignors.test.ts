/**
 * The assignors against what those of kafka-clients 4.1.1 answered to 104 groups, and what must
 * hold for any group: every partition once, as even as can be, nothing moved that need not be.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  byText,
  type MemberSubscription,
  type PartitionAssignor,
} from '#engine/kafka/client/consumer/assignor/partition-assignor.ts';
import { rangeAssignor } from '#engine/kafka/client/consumer/assignor/range-assignor.ts';
import { roundRobinAssignor } from '#engine/kafka/client/consumer/assignor/round-robin-assignor.ts';
import {
  cooperativeStickyAssignor,
  stickyAssignor,
} from '#engine/kafka/client/consumer/assignor/sticky-assignor.ts';
import {
  type TopicPartition,
  topicPartitionText,
} from '#engine/kafka/client/consumer/subscription-state.ts';

const ASSIGNORS = {
  range: rangeAssignor,
  roundrobin: roundRobinAssignor,
  sticky: stickyAssignor,
  'cooperative-sticky': cooperativeStickyAssignor,
} as const;
type Name = keyof typeof ASSIGNORS;
const NAMES = Object.keys(ASSIGNORS) as Name[];

interface Member {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** Separated by blanks, as are partitions. */
  readonly topics: string;
  readonly generation: number;
  readonly owned: string;
}

type Case = Record<Name, string[]> & {
  readonly counts: Record<string, number>;
  readonly members: readonly Member[];
};

const CASES = JSON.parse(
  readFileSync(new URL('./assignments-4.1.1.txt', import.meta.url), 'utf8'),
) as Case[];

function partitionsIn(text: string): TopicPartition[] {
  return text.split(' ').flatMap((name) => {
    const at = name.lastIndexOf('-');
    return at < 0 ? [] : [{ topic: name.slice(0, at), partition: Number(name.slice(at + 1)) }];
  });
}

function textOf(partitions: readonly TopicPartition[] | undefined): string {
  const sorted = [...(partitions ?? [])].sort(
    (a, b) => byText(a.topic, b.topic) || a.partition - b.partition,
  );
  return sorted.map(topicPartitionText).join(' ');
}

/** The subscription of a member with what its assignor adds to it. */
function subscriptionOf(name: Name, member: Member): MemberSubscription {
  const { memberId, groupInstanceId, generation } = member;
  const owned = partitionsIn(member.owned);
  const assignor = ASSIGNORS[name]();
  if (generation >= 0) assignor.onAssignment(owned, generation);
  return {
    memberId,
    groupInstanceId,
    topics: member.topics.split(' '),
    ownedPartitions: assignor.protocol === 'COOPERATIVE' ? owned : [],
    generationId: generation,
    userData: assignor.userData(),
  };
}

function countsOf(counts: Record<string, number>, members: readonly MemberSubscription[]) {
  const subscribed = new Set(members.flatMap(({ topics }) => topics));
  return new Map(Object.entries(counts).filter(([topic]) => subscribed.has(topic)));
}

describe('kafka: assignors', () => {
  test.each(NAMES)('%s assigns as kafka-clients 4.1.1 does', (name) => {
    expect(CASES.length).toBeGreaterThan(100);
    for (const [index, of] of CASES.entries()) {
      const members = of.members.map((member) => subscriptionOf(name, member));
      const assignment = ASSIGNORS[name]().assign(countsOf(of.counts, members), members);
      const told = members.map(({ memberId }) => textOf(assignment.get(memberId)));
      expect(told, `${name}, group ${index}`).toEqual(of[name]);
    }
  });
});

const topicNames = ['pay', 'orders', 'audit'];
const counts = fc.record({
  pay: fc.integer({ min: 1, max: 9 }),
  orders: fc.integer({ min: 1, max: 4 }),
  audit: fc.integer({ min: 1, max: 6 }),
});
const member = fc.record({
  memberId: fc.uuid(),
  groupInstanceId: fc.constant(null),
  topics: fc.subarray(topicNames, { minLength: 1 }).map((topics) => topics.join(' ')),
});
const group = fc.record({
  counts,
  members: fc.uniqueArray(member, {
    selector: ({ memberId }) => memberId,
    minLength: 1,
    maxLength: 7,
  }),
});
type Group = { counts: Record<string, number>; members: Omit<Member, 'generation' | 'owned'>[] };
const RUNS = { seed: 11, numRuns: 150 };

const anew = (members: Group['members']): Member[] =>
  members.map((of) => ({ ...of, generation: -1, owned: '' }));
const sameTopics = (members: Group['members']): Group['members'] =>
  members.map((of) => ({ ...of, topics: topicNames.join(' ') }));

function assigned(
  name: Name,
  of: Record<string, number>,
  members: readonly Member[],
): Map<string, string[]> {
  const subscriptions = members.map((one) => subscriptionOf(name, one));
  const assignor: PartitionAssignor = ASSIGNORS[name]();
  const assignment = assignor.assign(countsOf(of, subscriptions), subscriptions);
  return new Map(
    [...assignment].map(([id, held]) => [id, held.map(topicPartitionText).sort(byText)]),
  );
}

/** A generation later: everybody has what the last one gave it. */
function next(members: readonly Member[], held: Map<string, string[]>, generation: number) {
  return members.map((of) => {
    const owned = (held.get(of.memberId) ?? []).join(' ');
    return { ...of, generation: held.has(of.memberId) ? generation : -1, owned };
  });
}

function allOf(of: Record<string, number>, members: readonly Member[]): string[] {
  const topics = new Set(members.flatMap(({ topics: wanted }) => wanted.split(' ')));
  return [...topics].flatMap((topic) =>
    Array.from({ length: of[topic] ?? 0 }, (_, partition) => `${topic}-${partition}`),
  );
}

describe('kafka: assignors: any group', () => {
  test.each(NAMES)('%s: every partition goes to exactly one member that wants it', (name) => {
    fc.assert(
      fc.property(group, ({ counts: of, members: plain }) => {
        const members = anew(plain);
        const held = assigned(name, of, members);
        expect([...held.values()].flat().sort(byText)).toEqual(allOf(of, members).sort(byText));
        for (const { memberId, topics } of members) {
          for (const { topic } of partitionsIn((held.get(memberId) ?? []).join(' '))) {
            expect(topics.split(' ')).toContain(topic);
          }
        }
      }),
      RUNS,
    );
  });

  test.each(NAMES.filter((name) => name !== 'range'))(
    '%s: with the same topics nobody has two partitions more than another',
    (name) => {
      fc.assert(
        fc.property(group, ({ counts: of, members: plain }) => {
          const held = assigned(name, of, anew(sameTopics(plain)));
          const sizes = [...held.values()].map((partitions) => partitions.length);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        }),
        RUNS,
      );
    },
  );

  test.each(['sticky', 'cooperative-sticky'] as const)(
    '%s: nothing moves between members that stay, unless it has to for balance',
    (name) => {
      fc.assert(
        fc.property(group, fc.boolean(), ({ counts: of, members: plain }, same) => {
          const members = anew(same ? sameTopics(plain) : plain);
          const before = assigned(name, of, members);
          expect(assigned(name, of, next(members, before, 1))).toEqual(before);
          const left = members.slice(1);
          if (left.length === 0) return;
          const after = assigned(name, of, next(left, before, 1));
          // The one that left had at most one less than anybody: those that stay keep all.
          for (const { memberId } of same ? left : []) {
            expect(after.get(memberId)).toEqual(
              expect.arrayContaining(before.get(memberId) as string[]),
            );
          }
        }),
        RUNS,
      );
    },
  );

  test('cooperative-sticky: what moves is first given up, and given out a generation later', () => {
    fc.assert(
      fc.property(group, fc.uuid(), ({ counts: of, members: plain }, memberId) => {
        const members = anew(sameTopics(plain));
        const before = assigned('cooperative-sticky', of, members);
        const comer = { ...(members[0] as Member), memberId };
        const grown = next([...members, comer], before, 1);
        const between = assigned('cooperative-sticky', of, grown);
        const owner = new Map([...before].flatMap(([id, held]) => held.map((one) => [one, id])));
        for (const [id, held] of between) {
          for (const one of held) expect(owner.get(one) ?? id).toBe(id);
        }
        const after = assigned('cooperative-sticky', of, next(grown, between, 2));
        expect([...after.values()].flat().sort(byText)).toEqual(allOf(of, members).sort(byText));
        const sizes = [...after.values()].map((partitions) => partitions.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
      RUNS,
    );
  });
});
