/**
 * Mutations: the engine with one defect put in on purpose, each of which a named check must find.
 * Without the defect the same check is green, so that what it finds is the defect.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catchers } from './catchers.ts';
import type { Catcher } from './catcher.ts';
import { MutatedTree } from './mutated-tree.ts';
import type { Outcome } from './mutated-tree.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const MUTATIONS_MIN = 120;

let tree: MutatedTree;
beforeAll(() => {
  tree = new MutatedTree();
});
afterAll(() => tree.remove());

/** What each file's catchers, and each proof, come to without a patch. */
const before = new Map<string, Promise<readonly Outcome[]>>();

/** The verdict without a patch, while none is applied. */
async function beforePatch(catcher: Catcher): Promise<Outcome> {
  if (catcher.kind === 'proof') {
    const key = `${catcher.experiment} ${catcher.proof}`;
    const outcomes = before.get(key) ?? tree.catch(catcher).then((outcome) => [outcome]);
    before.set(key, outcomes);
    return (await outcomes)[0]!;
  }
  const ofFile = Object.values(catchers).flatMap((one) =>
    one.kind === 'test' && one.file === catcher.file ? [one.name] : [],
  );
  const names = [...new Set(ofFile)];
  const outcomes = before.get(catcher.file) ?? tree.test(catcher.file, names);
  before.set(catcher.file, outcomes);
  return (await outcomes)[names.indexOf(catcher.name)]!;
}

describe('mutations', () => {
  test('every patch has a catcher, and every catcher a patch', () => {
    const patches = readdirSync(FOLDER).filter((name) => name.endsWith('.patch'));
    const named = Object.keys(catchers).map((name) => `${name}.patch`);
    expect(named.sort()).toEqual(patches.sort());
    expect(named.length).toBeGreaterThanOrEqual(MUTATIONS_MIN);
  });

  test.each(Object.entries(catchers))('%s is caught', async (name, catcher) => {
    const sound = await beforePatch(catcher);
    expect(sound.verdict, `without the patch: ${sound.output}`).toBe('green');
    const patch = `${FOLDER}${name}.patch`;
    const refusal = await tree.apply(patch);
    expect(refusal, `${name}.patch no longer applies: make it anew`).toBeNull();
    const after = await tree.catch(catcher).finally(() => tree.takeBack(patch));
    expect(after.verdict, `with the patch: ${after.output}`).toBe('red');
  });
});
