/**
 * What the prose of a lesson refers to, as its page and its slides give it: both show the same
 * figures and lead to the same claims.
 */
import type { LessonContext } from './context.ts';
import type { Lang, LessonModule } from './content.ts';
import { claimOf, measureOf, outcomesOf, termOf } from './lookup.ts';

interface Prose {
  readonly lang: Lang;
  readonly lesson: LessonModule;
}

/**
 * @param prose reads what is shown now
 * @param claimPath where a claim stands that no run decides
 */
export function proseContext(
  prose: () => Prose,
  claimPath: (question: string, claim: string) => string,
): LessonContext {
  return {
    get language() {
      return prose().lang;
    },
    measure: (id, proof) => measureOf(prose().lesson, id, proof),
    claim: (id) => {
      const { question, proof } = claimOf(prose().lesson, id);
      if (proof !== null) return { href: `#proof=${proof}`, proved: true };
      return { href: claimPath(question, id), proved: false };
    },
    outcomes: () => outcomesOf(prose().lesson),
    term: (id) => termOf(prose().lesson, id),
  };
}
