/**
 * Settings as data: a table of real names, types, defaults and valid values, from which a typed
 * configuration is read. What is not in the table, or not valid, is a `ConfigError` that names the
 * setting, the value and what is allowed.
 *
 * Not here: the tables themselves (`broker/broker-config.ts`, `partition/topic-config.ts`,
 * `client/config.ts`); defaults that changed between releases (`profiles.ts`).
 *
 * Differences from Kafka's `ConfigDef`: an unknown name is an error (there it is logged and
 * ignored), since here a knob that does nothing would teach something false.
 */
import { assert } from '../kernel/assert.ts';
import type { HistoricalDefault, Profile } from './profiles.ts';

/** The types of `ConfigDef.Type` that our settings need. */
export type SettingType = 'boolean' | 'int' | 'long' | 'double' | 'string' | 'list';

export interface Setting<T = unknown> {
  readonly type: SettingType;
  readonly defaultText: string;
  /** Bounds of a number, both included. */
  readonly min: number;
  readonly max: number;
  /** The only valid texts of a string, or of each element of a list. */
  readonly allowed: readonly string[] | null;
  /** True where the default is the profile's. */
  readonly byProfile: boolean;
  /** What the setting is in one sentence, for DescribeConfigs and for the lab's knobs. */
  readonly about: string;
  /** For the type checker only. */
  readonly value?: T;
}

export type Settings = Readonly<Record<string, Setting>>;

/** The typed configuration that a table describes: `config['replica.lag.time.max.ms']`. */
export type ConfigOf<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

const INT_MAX = 2_147_483_647;
/** `Long.MAX_VALUE` does not fit a number: beyond 2^53 - 1 a setting means "for ever" anyway. */
export const LONG_MAX = Number.MAX_SAFE_INTEGER;
const LONG_MAX_TEXT = '9223372036854775807';

interface Range {
  readonly min?: number;
  readonly max?: number;
}

function setting<T>(
  type: SettingType,
  defaultText: string,
  about: string,
  over: Partial<Setting<T>> = {},
): Setting<T> {
  assert(about.length > 0, 'a setting says what it is', { type, defaultText });
  const bounds = type === 'int' ? [-INT_MAX - 1, INT_MAX] : [-LONG_MAX, LONG_MAX];
  const base = { type, defaultText, about, min: bounds[0]!, max: bounds[1]! };
  return { ...base, allowed: null, byProfile: false, ...over };
}

export const boolean = (value: boolean, about: string): Setting<boolean> =>
  setting('boolean', String(value), about);
export const int = (value: number, about: string, range: Range = {}): Setting<number> =>
  setting('int', String(value), about, range);
/** A 64-bit number; `null` as default stands for `Long.MAX_VALUE`. */
export const long = (value: number | null, about: string, range: Range = {}): Setting<number> =>
  setting('long', value === null ? LONG_MAX_TEXT : String(value), about, range);
export const double = (value: string, about: string, range: Range = {}): Setting<number> =>
  setting('double', value, about, range);
export const string = (
  value: string,
  about: string,
  allowed: readonly string[] | null = null,
): Setting<string> => setting('string', value, about, { allowed });
export const list = (
  value: string,
  about: string,
  allowed: readonly string[] | null = null,
): Setting<readonly string[]> => setting('list', value, about, { allowed });

/** The same setting with the default of the profile (`profiles.ts` knows its history). */
export function byProfile<T>(base: Setting<T>): Setting<T> {
  assert(!base.byProfile, 'once is enough', { about: base.about });
  return { ...base, byProfile: true };
}

/** A setting that is unknown or has a value that is not allowed. */
export class ConfigError extends Error {
  readonly setting: string;
  readonly given: string;
  readonly allowed: string;

  constructor(setting: string, given: string, allowed: string) {
    super(`Invalid value ${given} for configuration ${setting}: ${allowed}`);
    this.name = 'ConfigError';
    this.setting = setting;
    this.given = given;
    this.allowed = allowed;
  }
}

/** The default of a setting in a profile, as text. */
export function defaultOf(settings: Settings, name: string, profile: Profile): string {
  const setting = settings[name];
  assert(setting !== undefined, 'a known setting', { name });
  if (!setting.byProfile) return setting.defaultText;
  const value = profile.defaults[name as HistoricalDefault];
  assert(value !== undefined, 'the profile has a default', { name, profile: profile.name });
  return value;
}

/**
 * Reads given texts over a profile's defaults. Throws a `ConfigError` on an unknown name or a value
 * that is not allowed.
 */
export function readConfig<const S extends Settings>(
  settings: S,
  given: Readonly<Record<string, string>>,
  profile: Profile,
): ConfigOf<S> {
  for (const name of Object.keys(given)) checkKnown(settings, name, given[name]!);
  const config: Record<string, unknown> = {};
  for (const name of Object.keys(settings)) {
    const text = given[name] ?? defaultOf(settings, name, profile);
    config[name] = valueOf(name, settings[name]!, text);
  }
  return config as ConfigOf<S>;
}

/** What is given of the settings of a table, and what is not of it. */
export function splitSettings(
  settings: Settings,
  given: Readonly<Record<string, string>>,
): { own: Record<string, string>; others: Record<string, string> } {
  const own: Record<string, string> = {};
  const others: Record<string, string> = {};
  for (const name of Object.keys(given)) {
    (Object.hasOwn(settings, name) ? own : others)[name] = given[name]!;
  }
  return { own, others };
}

/** Throws the `ConfigError` of a name that is not in the table. */
export function checkKnown(settings: Settings, name: string, given: string): void {
  if (Object.hasOwn(settings, name)) return;
  throw new ConfigError(name, given, `unknown name; known are ${nearest(settings, name)}`);
}

/** One value of its type. Throws a `ConfigError`. */
export function valueOf(name: string, setting: Setting, text: string): unknown {
  switch (setting.type) {
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw new ConfigError(name, text, 'true or false');
      return text === 'true';
    case 'int':
    case 'long':
      return wholeNumber(name, setting, text);
    case 'double':
      return fraction(name, setting, text);
    case 'string':
      checkAllowed(name, setting, text);
      return text;
    case 'list': {
      const items = text === '' ? [] : text.split(',').map((item) => item.trim());
      for (const item of items) checkAllowed(name, setting, item);
      return items;
    }
  }
}

function wholeNumber(name: string, setting: Setting, text: string): number {
  const allowed = `a whole number from ${setting.min} to ${setting.max}`;
  if (!/^-?[0-9]{1,19}$/.test(text)) throw new ConfigError(name, text, allowed);
  const exact = Number(text);
  const value = setting.type === 'long' && exact > LONG_MAX ? LONG_MAX : exact;
  if (value < setting.min || value > setting.max) throw new ConfigError(name, text, allowed);
  return value;
}

function fraction(name: string, setting: Setting, text: string): number {
  const value = Number(text);
  const valid = /^[0-9]+([.][0-9]+)?$/.test(text) && value >= setting.min && value <= setting.max;
  if (!valid) throw new ConfigError(name, text, `a number from ${setting.min} to ${setting.max}`);
  return value;
}

function checkAllowed(name: string, setting: Setting, text: string): void {
  if (setting.allowed === null || setting.allowed.includes(text)) return;
  throw new ConfigError(name, text, `one of ${setting.allowed.join(', ')}`);
}

/** Names that share a word with an unknown one, or all of them. */
function nearest(settings: Settings, name: string): string {
  const words = name.split('.').filter((word) => word.length > 2);
  const names = Object.keys(settings);
  const similar = names.filter((known) => words.some((word) => known.split('.').includes(word)));
  return (similar.length > 0 ? similar : names).join(', ');
}
