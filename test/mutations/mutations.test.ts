/**
 * Mutations: the engine with one defect put in on purpose, each of which a named check must find.
 * Without the defect the same check is green, so that what it finds is the defect.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { catchers } from './catchers.ts';
import { MutatedTree } from './mutated-tree.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const MUTATIONS_MIN = 74;

let tree: MutatedTree;
beforeEach(() => {
  tree = new MutatedTree();
});
afterEach(() => tree.remove());

describe('mutations', () => {
  test('every patch has a catcher, and every catcher a patch', () => {
    const patches = readdirSync(FOLDER).filter((name) => name.endsWith('.patch'));
    const named = Object.keys(catchers).map((name) => `${name}.patch`);
    expect(named.sort()).toEqual(patches.sort());
    expect(named.length).toBeGreaterThanOrEqual(MUTATIONS_MIN);
  });

  test.each(Object.entries(catchers))('%s is caught', async (name, catcher) => {
    const before = await tree.catch(catcher);
    expect(before.verdict, `without the patch: ${before.output}`).toBe('green');
    const refusal = await tree.apply(`${FOLDER}${name}.patch`);
    expect(refusal, `${name}.patch no longer applies: make it anew`).toBeNull();
    const after = await tree.catch(catcher);
    expect(after.verdict, `with the patch: ${after.output}`).toBe('red');
  });
});
