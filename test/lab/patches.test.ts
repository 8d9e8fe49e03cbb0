/**
 * Every mutation still applies to the engine as it is, and has a catcher. What each catches is for
 * `npm run test:long` (`test/mutations/mutations.test.ts`).
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { catchers } from '../mutations/catchers.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = 'test/mutations';

function applies(patch: string): boolean {
  const args = ['apply', '--check', '--whitespace=nowarn', `${FOLDER}/${patch}`];
  try {
    execFileSync('git', args, { cwd: ROOT, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('mutations', () => {
  const patches = readdirSync(`${ROOT}${FOLDER}`).filter((name) => name.endsWith('.patch'));

  test('every patch has a catcher, and every catcher a patch', () => {
    const named = Object.keys(catchers).map((name) => `${name}.patch`);
    expect(named.toSorted()).toEqual(patches.toSorted());
  });

  test('every patch applies', () => {
    expect(patches.filter((patch) => !applies(patch))).toEqual([]);
  });
});
