/**
 * Knobs: what a learner may turn before a run, named as the real configuration is.
 *
 * A knob's value is text at the edges (a link, a command line) and typed within an experiment.
 * Not here: what a value does to a broker.
 */
import { assert } from '../kernel/assert.ts';

export type KnobValue = string | number | boolean;
/** One sentence in both languages. */
export interface Localized {
  readonly en: string;
  readonly zh: string;
}

export interface ChoiceKnob<V extends string = string> {
  readonly kind: 'choice';
  readonly values: readonly V[];
  readonly preset: V;
  readonly about: Localized;
}

/** A line of a handler that stands where a knob says, counted from 1, under some other settings. */
export interface MovedLine {
  readonly line: string;
  readonly when: Readonly<Record<string, string>>;
}

export interface IntegerKnob {
  readonly kind: 'integer';
  readonly min: number;
  readonly max: number;
  readonly preset: number;
  readonly about: Localized;
  /** The line that it moves: a page may offer to move the line itself. */
  readonly moves?: MovedLine;
}

export interface FlagKnob {
  readonly kind: 'flag';
  readonly preset: boolean;
  readonly about: Localized;
}

export type Knob = ChoiceKnob | IntegerKnob | FlagKnob;
export type Knobs = Readonly<Record<string, Knob>>;

export type ValueOf<K extends Knob> =
  K extends ChoiceKnob<infer V> ? V : K extends IntegerKnob ? number : boolean;
export type KnobValues<K extends Knobs> = { readonly [Name in keyof K]: ValueOf<K[Name]> };

/** One of some words. The first named value is not the default: `preset` is. */
export function choice<const V extends string>(
  values: readonly V[],
  preset: NoInfer<V>,
  about: Localized,
): ChoiceKnob<V> {
  assert(values.includes(preset), 'the preset is one of the values', { values, preset });
  return { kind: 'choice', values, preset, about };
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number, preset: number, about: Localized): IntegerKnob {
  assert(min <= preset && preset <= max, 'the preset is within bounds', { min, max, preset });
  return { kind: 'integer', min, max, preset, about };
}

/** true or false. */
export function flag(preset: boolean, about: Localized): FlagKnob {
  return { kind: 'flag', preset, about };
}

/** Input that names an unknown knob or value. Its text says what there is. */
export class KnobError extends Error {
  readonly text: Localized;

  constructor(text: Localized) {
    super(text.en);
    this.name = 'KnobError';
    this.text = text;
  }
}

/** The values of a run: presets, with what was set by text. Throws a `KnobError`. */
export function knobValues<K extends Knobs>(
  knobs: K,
  set: Readonly<Record<string, string>>,
): KnobValues<K> {
  for (const name of Object.keys(set)) {
    if (!Object.hasOwn(knobs, name)) {
      const names = Object.keys(knobs);
      throw new KnobError({
        en: `unknown knob '${name}'; there are: ${names.join(', ')}`,
        zh: `没有参数“${name}”，可用的有：${names.join('、')}`,
      });
    }
  }
  const values: Record<string, KnobValue> = {};
  for (const [name, knob] of Object.entries(knobs)) {
    const text = set[name];
    values[name] = text === undefined ? knob.preset : parseValue(name, knob, text);
  }
  return values as KnobValues<K>;
}

function parseValue(name: string, knob: Knob, text: string): KnobValue {
  switch (knob.kind) {
    case 'choice':
      if (knob.values.includes(text)) return text;
      break;
    case 'flag':
      if (text === 'true' || text === 'false') return text === 'true';
      break;
    case 'integer': {
      const value = /^-?\d{1,15}$/.test(text) ? Number(text) : NaN;
      if (value >= knob.min && value <= knob.max) return value;
      break;
    }
  }
  const ofKind = { choice: `one of: ${allowed(knob)}`, flag: 'true or false' } as const;
  const kind = knob.kind === 'integer' ? allowed(knob) : ofKind[knob.kind];
  const inChinese =
    knob.kind === 'integer'
      ? `${knob.min} 到 ${knob.max} 的整数`
      : allowed(knob).replaceAll(', ', '、');
  throw new KnobError({
    en: `knob '${name}' cannot be '${text}'; it is ${kind}`,
    zh: `参数“${name}”不能取“${text}”，只能取：${inChinese}`,
  });
}

/** What a knob's value may be, as text. */
export function allowed(knob: Knob): string {
  if (knob.kind === 'choice') return knob.values.join(', ');
  if (knob.kind === 'flag') return 'true, false';
  return `a whole number from ${knob.min} to ${knob.max}`;
}

/** How many values a knob may have; ranges are as wide as those of the real settings. */
export function valueCount(knob: Knob): number {
  if (knob.kind === 'choice') return knob.values.length;
  return knob.kind === 'flag' ? 2 : knob.max - knob.min + 1;
}

/** Every value that a knob may have, as text, in order. Ask first how many there are. */
export function valuesOf(knob: Knob): readonly string[] {
  if (knob.kind === 'choice') return knob.values;
  if (knob.kind === 'flag') return ['false', 'true'];
  return Array.from({ length: valueCount(knob) }, (_, place) => String(knob.min + place));
}

/** The values as text, in the order in which the experiment names its knobs. */
export function textOf(
  knobs: Knobs,
  values: Readonly<Record<string, KnobValue>>,
): [string, string][] {
  return Object.keys(knobs).map((name) => {
    const value = values[name];
    assert(value !== undefined, 'a run has a value for every knob', { name });
    return [name, String(value)];
  });
}
