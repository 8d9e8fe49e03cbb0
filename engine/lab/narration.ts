/**
 * Sentences about trace entries, in both languages. The templates stand beside the component whose
 * entries they are; here they are only collected and applied.
 */
import type { TraceEntry } from '../kernel/trace.ts';

export type Language = 'en' | 'zh';

/** The fields of an entry, and its host as `host`. */
export type NarrationEntry = Readonly<Record<string, unknown>>;

/** By the kind's name. A kind without a template (a timer, a heartbeat) has no sentence. */
export type Narrator = Readonly<
  Record<string, Readonly<Record<Language, (entry: NarrationEntry) => string>>>
>;

/** The sentence of an entry, or null where nobody has one for it. */
export function narrate(narrator: Narrator, entry: TraceEntry, language: Language): string | null {
  if (!Object.hasOwn(narrator, entry.kind)) return null;
  const sentence = narrator[entry.kind]![language]({ ...entry.data, host: entry.host });
  return sentence === '' ? null : sentence;
}
