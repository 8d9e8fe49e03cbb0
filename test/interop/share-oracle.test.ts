/**
 * The same raw requests about share groups to `highwater serve` as once to a real Apache Kafka,
 * whose answers are recorded.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { converseAboutSharing } from '../oracle/cases-share.ts';
import { differencesOf } from '../oracle/compare.ts';
import type { Exchange } from '../oracle/talk.ts';
import { servedCluster } from './served.ts';
import type { Served } from './served.ts';

const RECORDED = new URL('../oracle/recorded/kafka-4.1.1-share.jsonl', import.meta.url);

/** Sentences are our own. */
const SENTENCE = /(^|\.)(errorMessage|acknowledgeErrorMessage)$/;

let served: Served;
beforeAll(async () => {
  served = await servedCluster(1, ['--profile', 'kafka-4.1']);
  await served.program.start();
});
afterAll(() => served.clear());

test('oracle: share groups answer as those of Apache Kafka 4.1.1 do', async () => {
  const lines = readFileSync(RECORDED, 'utf8').trimEnd().split('\n');
  const theirs = lines.map((line) => JSON.parse(line) as Exchange);
  expect(theirs.length).toBeGreaterThan(65);
  const ours = await converseAboutSharing(served.addresses[0]!, `t${process.pid}`);
  const differences = differencesOf(theirs, ours).filter(({ path }) => !SENTENCE.test(path));
  expect(differences).toEqual([]);
}, 120_000);
