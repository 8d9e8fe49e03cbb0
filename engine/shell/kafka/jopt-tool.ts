/**
 * What Kafka's tools on jopt-simple do before they begin: help, version, what is missing from a
 * line and what does not go together, and how each of these is told.
 *
 * Source: `org.apache.kafka.server.util.CommandLineUtils`. Exit codes are the real ones: 1 with
 * usage, after `--help`, too. Not here: the table (`jopt.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import { type Release, releases } from '../../kafka/profiles/releases.ts';
import type { Call, ShellWorld } from '../program.ts';
import { hasZooKeeper, profileOfWorld } from './admin-session.ts';
import { tellThrown } from './java-exception.ts';
import type { GivenOptions, JoptTable } from './jopt.ts';

/**
 * A tool's options in the world's release. `withoutZooKeeper`: the release whose options an older
 * one has where there is no ZooKeeper, as it would reach nothing with its own.
 */
export function tableOf(
  tables: JoptTable,
  world: ShellWorld,
  withoutZooKeeper: Release | null = null,
): JoptTable {
  if (world.handles.kafka === undefined) return tables;
  const { release } = profileOfWorld(world);
  if (withoutZooKeeper === null || hasZooKeeper(world)) return tables.of(release);
  const isOlder = releases.indexOf(release) < releases.indexOf(withoutZooKeeper);
  return tables.of(isOlder ? withoutZooKeeper : release);
}

/**
 * The options of a call, where `main` hands exceptions to `Utils.stackTrace`. Null: the line is no
 * line of the tool's, or about help or the version; that was told, and the tool has ended.
 */
export function givenOptions(
  call: Call,
  table: JoptTable,
  about: string,
  required: readonly string[] = [],
): GivenOptions | null {
  const parsed = table.parse(call.words);
  if (!parsed.ok) {
    tellThrown(call, parsed.problem);
    return null;
  }
  const { given } = parsed;
  if (toldHelpOrVersion(call, table, given, { help: about, nothing: about })) return null;
  const missing = missingOption(given, required);
  if (missing === null) return given;
  printUsageAndExit(call, table, missing);
  return null;
}

/** Prints a sentence and how the tool is used, and ends it. */
export function printUsageAndExit(call: Call, table: JoptTable, sentence: string): void {
  for (const line of sentence.split('\n')) call.err(line);
  for (const line of table.usage()) call.err(line);
  call.exit(1);
}

export interface HelpTexts {
  /** Before usage that was asked for. */
  readonly help: string;
  /** Before usage where no word was given; without one that is no case of its own. */
  readonly nothing?: string;
}

/** Whether it was about help or the version only; then it is told and the tool has ended. */
export function toldHelpOrVersion(
  call: Call,
  table: JoptTable,
  given: GivenOptions,
  texts: HelpTexts,
): boolean {
  if (call.words.length === 0 && texts.nothing !== undefined) {
    printUsageAndExit(call, table, texts.nothing);
    return true;
  }
  if (given.has('help')) {
    printUsageAndExit(call, table, texts.help);
    return true;
  }
  if (!given.has('version')) return false;
  call.out(versionText(call));
  call.exit(0);
  return true;
}

/** A profile is a release's last patch; of 4.1 and older ones that is known. */
function versionText(call: Call): string {
  const { release } = profileOfWorld(call.world);
  assert(release.length > 0, 'a profile has a release');
  return LAST_PATCHES[release] ?? release;
}

const LAST_PATCHES: Readonly<Record<string, string>> = {
  '2.8': '2.8.2',
  '3.9': '3.9.1',
  '4.0': '4.0.1',
  '4.1': '4.1.1',
};

/** The sentence on the first required option that is missing; null if all are there. */
export function missingOption(given: GivenOptions, required: readonly string[]): string | null {
  const name = required.find((one) => !given.has(one));
  return name === undefined ? null : `Missing required argument "[${given.nameOf(name)}]"`;
}

/** The sentence on the first option that does not go with one that was given. */
export function contradiction(
  given: GivenOptions,
  used: string,
  invalid: readonly string[],
): string | null {
  if (!given.has(used)) return null;
  const name = invalid.find((one) => given.has(one));
  return name === undefined ? null : `Option "[${used}]" can't be used with option "[${name}]"`;
}

/** The sentence on options that the real tool has and this one has not. */
export function unsupportedOption(given: GivenOptions): string | null {
  const [name] = given.unsupported;
  return name === undefined ? null : `--${name} is unsupported: this simulation does not have it`;
}
