/**
 * What a product did in each of its releases: their order, switches that a release has on, defaults
 * that changed, and the profile that these make together.
 *
 * Not here: which releases, switches and defaults a product has (`profiles/` of each product).
 */
import { assert } from './assert.ts';

/** A behaviour that changed: `since` is the first release that has it on. */
export interface SwitchDefinition<R extends string> {
  readonly since: R;
  /** The first release that no longer has it, for bugs and for what was removed. */
  readonly until?: R;
  readonly about: string;
  readonly source: string;
}

/** Pairs of (first release, value), oldest first. */
export type DefaultHistory<R extends string, V> = readonly (readonly [R, V])[];

/** One release's switches and defaults. `N` is its name, as in `kafka-4.1`. */
export interface ReleaseProfile<
  N extends string,
  R extends string,
  S extends string,
  D extends string,
  V,
> {
  readonly name: N;
  readonly release: R;
  readonly switches: Readonly<Record<S, boolean>>;
  readonly defaults: Readonly<Record<D, V>>;
}

/** Orders `0.11` after `0.10` and `2.8` after `2.0`: by number, not by text. */
export function compareReleases(left: string, right: string): number {
  const [leftMajor, leftMinor] = partsOf(left);
  const [rightMajor, rightMinor] = partsOf(right);
  return leftMajor - rightMajor || leftMinor - rightMinor;
}

function partsOf(release: string): [number, number] {
  const [major, minor] = release.split('.').map(Number);
  assert(Number.isInteger(major) && Number.isInteger(minor), 'not a release', { release });
  return [major!, minor!];
}

/** Whether a release has the switch on. */
export function isOnIn<R extends string>(
  { since, until }: SwitchDefinition<R>,
  release: R,
): boolean {
  assert(until === undefined || compareReleases(since, until) < 0, 'a switch is on for a while', {
    since,
    until,
  });
  if (compareReleases(release, since) < 0) return false;
  return until === undefined || compareReleases(release, until) < 0;
}

/** The default in a release; a release before the first has the first. */
export function valueIn<R extends string, V>(history: DefaultHistory<R, V>, release: R): V {
  const [first] = history;
  assert(first !== undefined, 'a default has a history', { release });
  let value = first[1];
  for (const [since, next] of history) if (compareReleases(release, since) >= 0) value = next;
  return value;
}

/** What a product's profiles are made of. */
interface ReleaseTables<P extends string, R extends string, S extends string, D extends string, V> {
  /** As in `kafka`. */
  readonly product: P;
  /** Oldest first. */
  readonly releases: readonly R[];
  readonly switches: Readonly<Record<S, SwitchDefinition<R>>>;
  readonly defaults: Readonly<Record<D, DefaultHistory<R, V>>>;
}

/** The profile of a release, with single switches set otherwise (quirks). */
export function profileIn<
  P extends string,
  R extends string,
  S extends string,
  D extends string,
  V,
>(
  { product, releases, ...tables }: ReleaseTables<P, R, S, D, V>,
  name: `${P}-${R}`,
  quirks: Partial<Record<S, boolean>>,
): ReleaseProfile<`${P}-${R}`, R, S, D, V> {
  const release = name.slice(product.length + 1) as R;
  assert(releases.includes(release), 'unknown profile', { name, known: releases });
  const switches = {} as Record<S, boolean>;
  for (const key of Object.keys(tables.switches) as S[]) {
    switches[key] = quirks[key] ?? isOnIn(tables.switches[key], release);
  }
  const defaults = {} as Record<D, V>;
  for (const key of Object.keys(tables.defaults) as D[]) {
    defaults[key] = valueIn(tables.defaults[key], release);
  }
  return { name, release, switches, defaults };
}
