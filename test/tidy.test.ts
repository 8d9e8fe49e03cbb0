/**
 * The rules of the house that can be executed, over every file of the project. Each rule is a
 * function in test/tidy; test/tidy/rules.test.ts shows that each can turn red.
 */
import { describe, expect, test } from 'vitest';
import { bannedThings } from './tidy/bans.ts';
import { wrongImports } from './tidy/layers.ts';
import { longFunctions, longText } from './tidy/lengths.ts';
import { printed, sourceFiles, topLevel, type Fault, type SourceFile } from './tidy/tree.ts';
import { bannedWords, emptyNames, missingHead, topLevelFaults, wrongCase } from './tidy/words.ts';

const FILES = sourceFiles();

const RULES: readonly [string, (file: SourceFile) => Fault[]][] = [
  ['files have at most 500 lines, lines at most 100 columns', longText],
  ['functions have at most 70 lines', longFunctions],
  ['nothing in the engine or a lesson reads the world', bannedThings],
  ['imports run downwards only', wrongImports],
  ['every file begins with what it is responsible for', missingHead],
  ['no unfinished work, no test that does not run, no registry host', bannedWords],
  ['file names say what is in them', emptyNames],
  ['file names are in kebab-case', wrongCase],
];

describe('tidy', () => {
  test.each(RULES)('%s', (_fact, rule) => {
    expect(FILES.length).toBeGreaterThan(50);
    expect(printed(FILES.flatMap(rule))).toEqual([]);
  });

  test('the top level is exactly what the plan names', () => {
    expect(topLevelFaults(topLevel())).toEqual([]);
  });
});
