/**
 * The same raw requests to `highwater serve` as once to a real Apache Kafka, whose answers are
 * recorded: what differs is accepted with a reason, or a mistake.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accepted, reasonOf } from '../oracle/accepted.ts';
import { differencesOf } from '../oracle/compare.ts';
import type { Difference } from '../oracle/compare.ts';
import { converse } from '../oracle/conversation.ts';
import type { Exchange } from '../oracle/talk.ts';
import { servedCluster } from './served.ts';
import type { Served } from './served.ts';

const RECORDED = new URL('../oracle/recorded/kafka-4.1.1.jsonl', import.meta.url);

let served: Served;
let theirs: readonly Exchange[];
let differences: readonly Difference[];
beforeAll(async () => {
  served = await servedCluster(3, ['--profile', 'kafka-4.1']);
  await served.program.start();
  const lines = readFileSync(RECORDED, 'utf8').trimEnd().split('\n');
  theirs = lines.map((line) => JSON.parse(line) as Exchange);
  differences = differencesOf(theirs, await converse(served.addresses, `t${process.pid}`));
});
afterAll(() => served.clear());

test('oracle: we answer as Apache Kafka 4.1.1 does, but for what is accepted', () => {
  expect(theirs.length).toBeGreaterThan(350);
  expect(differences.filter((difference) => reasonOf(difference) === undefined)).toEqual([]);
});

test('oracle: every accepted difference is still there', () => {
  const matched = new Set(differences.map((difference) => reasonOf(difference)));
  expect(accepted.filter((entry) => !matched.has(entry))).toEqual([]);
});

test('oracle: a difference is found in a field, in a list and in a whole answer', () => {
  const asked = (answer: unknown): Exchange[] => [{ id: 'a', answer }];
  const paths = (left: unknown, right: unknown) =>
    differencesOf(asked(left), asked(right)).map(({ path }) => path);
  expect(paths({ errorCode: 3 }, { errorCode: 6 })).toEqual(['errorCode']);
  expect(paths({ topics: [1] }, { topics: [1, 2] })).toEqual(['topics.1']);
  expect(paths({ topics: [] }, 'the connection is closed')).toEqual(['']);
  expect(differencesOf(asked(0), []).map(({ ours }) => ours)).toEqual(['was not asked']);
});
