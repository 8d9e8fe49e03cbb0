/**
 * Each rule of the tidy test turns red on a bad sample, and stays green on its good twin.
 */
import { describe, expect, test } from 'vitest';
import { bannedThings } from './bans.ts';
import { wrongImports } from './layers.ts';
import { longFunctions, longText } from './lengths.ts';
import { bannedWords, emptyNames, missingHead, topLevelFaults, wrongCase } from './words.ts';

const problems = (faults: readonly { problem: string }[]) => faults.map(({ problem }) => problem);
const engine = (text: string) => ({ path: 'engine/kafka/sample.ts', text });

describe('tidy: lengths', () => {
  test('a file of 501 lines is too long, one of 500 is not', () => {
    expect(longText(engine('x\n'.repeat(501)))).toHaveLength(1);
    expect(longText(engine('x\n'.repeat(500)))).toEqual([]);
  });

  test('a line of 101 columns is too long, one of 100 Chinese characters is not', () => {
    expect(longText(engine('x'.repeat(101)))).toHaveLength(1);
    expect(longText(engine('水'.repeat(100)))).toEqual([]);
    expect(longText({ path: 'web/i18n/en.ts', text: 'x'.repeat(101) })).toEqual([]);
  });

  test('a function of 71 lines is too long, in a Svelte file too', () => {
    const body = (lines: number) => `function f() {\n${'  g();\n'.repeat(lines - 2)}}\n`;
    expect(longFunctions(engine(body(71)))).toHaveLength(1);
    expect(longFunctions(engine(body(70)))).toEqual([]);
    const svelte = { path: 'web/A.svelte', text: `<p>\n</p>\n<script>\n${body(71)}</script>` };
    expect(longFunctions(svelte)[0]?.line).toBe(4);
  });

  test('a suite of tests may be longer than a function', () => {
    const suite = `describe('x', () => {\n${'  g();\n'.repeat(90)}});\n`;
    expect(longFunctions({ path: 'test/a.test.ts', text: suite })).toEqual([]);
    const long = suite.replace('describe', 'test');
    expect(longFunctions({ path: 'test/a.test.ts', text: long })).toHaveLength(1);
  });
});

describe('tidy: bans', () => {
  test.each([
    'const now = Date.now();',
    'const started = new Date();',
    'const r = Math.random();',
    'const { random } = Math;',
    'const s = Math.sqrt(2);',
    'const p = 2 ** 3;',
    'let q = 2; q **= 3;',
    'setTimeout(() => {}, 1);',
    'queueMicrotask(() => {});',
    'function f(): Promise<void> {}',
    'async function f() {}',
    'const f = async () => {};',
    'await g();',
    'console.log(1);',
    'new Intl.Collator();',
    'names.sort();',
    'names.toSorted();',
    'a.localeCompare(b);',
    's.normalize();',
    'n.toLocaleString();',
    'structuredClone(a);',
    'new TextEncoder();',
    'globalThis.foo;',
    'document.body;',
    'const x = { Date };',
    'function f(now = Date.now()) {}',
    'const m = import("./a.ts");',
  ])('%s is banned', (text) => {
    expect(bannedThings(engine(text))).not.toEqual([]);
  });

  test.each([
    'const a = Math.max(1, Math.floor(x));',
    'names.sort((a, b) => a - b);',
    'interface X { process: string; document: number }',
    'const x = { performance: 1 }; x.performance;',
    'function crash(process: Process) { process.stop(); }',
    'import { fetch } from "./fetch.ts"; fetch();',
    '// Date.now() is banned here',
    'const text = "await Promise";',
  ])('%s is allowed', (text) => {
    expect(bannedThings(engine(text))).toEqual([]);
  });

  test('the bans hold in lessons, and do not hold in engine/node and web', () => {
    const text = 'Date.now();';
    expect(bannedThings({ path: 'lessons/kafka/x/experiment.ts', text })).toHaveLength(1);
    expect(bannedThings({ path: 'engine/node/adapters/x.ts', text })).toEqual([]);
    expect(bannedThings({ path: 'web/x.ts', text })).toEqual([]);
  });
});

describe('tidy: imports', () => {
  const from = (path: string, specifier: string, type = '') => {
    const code = `import ${type} { a } from '${specifier}';`;
    const text = path.endsWith('.svx') ? `Prose.\n<script>\n${code}\n</script>\n` : code;
    return problems(wrongImports({ path, text }));
  };

  test.each([
    ['engine/kernel/a.ts', '../bytes/b.ts'],
    ['engine/bytes/a.ts', '../wire/kafka/b.ts'],
    ['engine/storage/a.ts', '../kafka/b.ts'],
    ['engine/kafka/a.ts', '../sim/b.ts'],
    ['engine/kafka/partition/a.ts', '../../rabbitmq/b.ts'],
    ['engine/kafka/a.ts', '../lab/b.ts'],
    ['engine/kafka/a.ts', '../node/adapters/b.ts'],
    ['engine/kafka/a.ts', 'node:fs'],
    ['engine/lab/a.ts', '#web/b.ts'],
    ['engine/node/adapters/a.ts', '../../kafka/b.ts'],
    ['engine/node/command/a.ts', '../../../web/b.ts'],
    ['lessons/kafka/x/experiment.ts', '#engine/kafka/b.ts'],
    ['lessons/kafka/x/experiment.ts', 'node:fs'],
    ['lessons/kafka/x/experiment.ts', '#web/lesson/content.ts'],
    ['lessons/kafka/x/en.svx', './experiment.ts'],
    ['web/a.ts', '#engine/kafka/b.ts'],
    ['web/a.ts', '../test/b.ts'],
  ])('%s must not import %s', (path, specifier) => {
    expect(from(path, specifier)).toHaveLength(1);
  });

  test.each([
    ['engine/kafka/a.ts', '../storage/b.ts'],
    ['engine/kafka/a.ts', './b.ts'],
    ['engine/kafka/partition/a.ts', '../b.ts'],
    ['engine/sim/a.ts', '../kernel/b.ts'],
    ['engine/lab/a.ts', '../kafka/b.ts'],
    ['engine/lab/a.ts', '../sim/b.ts'],
    ['engine/shell/a.ts', '../lab/b.ts'],
    ['engine/node/adapters/a.ts', '../../storage/b.ts'],
    ['engine/node/adapters/a.ts', 'node:net'],
    ['engine/node/command/a.ts', '../../kafka/b.ts'],
    ['engine/kernel/a.ts', 'xstate'],
    ['lessons/kafka/x/experiment.ts', '#engine/lab/index.ts'],
    ['web/a.ts', '#engine/lab/index.ts'],
    ['web/a.ts', '../lessons/tracks.ts'],
    ['lessons/kafka/x/en.svx', '#web/lesson/Step.svelte'],
  ])('%s may import %s', (path, specifier) => {
    expect(from(path, specifier)).toEqual([]);
  });

  test('a type may come from further below, never from above', () => {
    expect(from('web/a.ts', '#engine/kafka/b.ts', 'type')).toEqual([]);
    expect(from('engine/kafka/a.ts', '../lab/b.ts', 'type')).toHaveLength(1);
  });
});

describe('tidy: names and words', () => {
  const words = (path: string, text: string) => problems(bannedWords({ path, text }));

  test('marks of unfinished work are found', () => {
    expect(words('engine/a.ts', '// TODO: more')).toHaveLength(1);
    expect(words('engine/a.ts', '// enough for now')).toHaveLength(1);
    expect(words('engine/a.ts', '// the method')).toEqual([]);
  });

  test('tests that do not run are found', () => {
    expect(words('test/a.test.ts', 'test.skip("x", f)')).toHaveLength(1);
    expect(words('test/a.test.ts', 'describe.only("x", f)')).toHaveLength(1);
    expect(words('test/a.test.ts', 'test.skipIf(none)("x", f)')).toEqual([]);
  });

  test('registry hosts and download addresses are found', () => {
    expect(words('package-lock.json', '"resolved": "https://x"')).toHaveLength(1);
    expect(words('.npmrc', 'registry=https://x')).toHaveLength(1);
    expect(words('README.md', 'see registry.npmjs.org')).toHaveLength(1);
  });

  test('paths outside the project are found', () => {
    expect(words('README.md', 'see ../shared/design.md')).toHaveLength(1);
  });

  test('a file without a head is found', () => {
    expect(missingHead(engine('export const a = 1;'))).toHaveLength(1);
    expect(missingHead(engine('/** What a is. */\nexport const a = 1;'))).toEqual([]);
    expect(missingHead({ path: 'web/A.svelte', text: '<p></p>' })).toHaveLength(1);
    expect(missingHead({ path: 'a.mjs', text: '#!/usr/bin/env node\n/** x */' })).toEqual([]);
  });

  test('names that say nothing are found', () => {
    expect(emptyNames({ path: 'engine/kafka/utils.ts', text: '' })).toHaveLength(1);
    expect(emptyNames({ path: 'engine/common/a.ts', text: '' })).toHaveLength(1);
    expect(emptyNames({ path: 'engine/kafka/log-manager.ts', text: '' })).toHaveLength(1);
    expect(emptyNames({ path: 'engine/services/redis/a.ts', text: '' })).toEqual([]);
    expect(emptyNames({ path: 'engine/kafka/utility-curve.ts', text: '' })).toEqual([]);
  });

  test('names that are not in kebab-case are found', () => {
    expect(wrongCase({ path: 'engine/kafka/highWatermark.ts', text: '' })).toHaveLength(1);
    expect(wrongCase({ path: 'engine/kafka/replica.machine.ts', text: '' })).toEqual([]);
    expect(wrongCase({ path: 'engine/kafka/api/00-produce.ts', text: '' })).toEqual([]);
  });

  test('the top level may have neither more nor less', () => {
    const names = [
      'README.md',
      'engine',
      'lessons',
      'package.json',
      'test',
      'tsconfig.json',
      'web',
    ];
    expect(topLevelFaults([...names, '.ci', 'LICENSE', 'package-lock.json'])).toEqual([]);
    expect(topLevelFaults([...names, 'vite.config.ts'])).toEqual(['extra: vite.config.ts']);
    expect(topLevelFaults(names.slice(1))).toEqual(['missing: README.md']);
  });
});
