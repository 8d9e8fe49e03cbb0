/**
 * The search over questions, claims, terms and error codes of one language. It comes with its data
 * when somebody is about to search, and finds without asking anybody.
 *
 * Not here: what a text is cut into (`search-terms.ts`), and where the data come from
 * (`build/search-data.ts`).
 */
import MiniSearch, { type SearchOptions, type SearchResult } from 'minisearch';
import type { ErrorEntry, GlossaryTerm, SearchData } from '../lesson/content.ts';
import { indexTerms, queryTerms } from './search-terms.ts';

/** A question that fits, and those of its claims that do. */
export interface FoundQuestion {
  readonly slug: string;
  readonly claims: readonly { readonly id: string; readonly statement: string }[];
}

export interface Found {
  /** The best first. */
  readonly questions: readonly FoundQuestion[];
  readonly errors: readonly ErrorEntry[];
  readonly terms: readonly GlossaryTerm[];
}

interface Document {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

const CLAIMS_MAX = 2;
const ERRORS_MAX = 5;
const TERMS_MAX = 4;
/** A typing error is forgiven in words of at least so many letters. */
const FUZZY_LETTERS_MIN = 6;

const isLatin = (term: string): boolean => /^[\p{Script=Latin}\p{N}]+$/u.test(term);

const HOW: SearchOptions = {
  tokenize: queryTerms,
  prefix: (term) => term.length > 2 || !isLatin(term),
  fuzzy: (term) => (isLatin(term) && term.length >= FUZZY_LETTERS_MIN ? 0.15 : false),
  boost: { title: 2 },
};

export class QuestionSearch {
  readonly #data: SearchData;
  readonly #questions: MiniSearch<Document>;
  readonly #errors: MiniSearch<Document>;
  readonly #terms: MiniSearch<Document>;

  constructor(data: SearchData) {
    this.#data = data;
    this.#questions = indexOf([
      ...data.questions.map(({ slug, question, text }) => ({ id: slug, title: question, text })),
      ...data.claims.map((claim) => ({
        id: `#${claim.id}`,
        title: claim.statement,
        text: claim.correction,
      })),
    ]);
    this.#errors = indexOf(
      data.errors.map(({ name, code, meaning }) => ({
        id: name,
        title: `${name} ${name}_EXCEPTION ${code}`,
        text: meaning,
      })),
    );
    this.#terms = indexOf(
      data.terms.map(({ id, en, zh }) => ({ id, title: `${en} ${zh}`, text: '' })),
    );
  }

  /** All terms first; where nothing has them all, as with a pasted sentence, any of them. */
  find(query: string): Found {
    const all = this.#findBy(query, 'AND');
    const { questions, errors, terms } = all;
    const hasFound = questions.length + errors.length + terms.length > 0;
    return hasFound ? all : this.#findBy(query, 'OR');
  }

  #findBy(query: string, combineWith: 'AND' | 'OR'): Found {
    const how = { ...HOW, combineWith };
    const claims = new Map<string, SearchData['claims'][number]>();
    for (const claim of this.#data.claims) claims.set(`#${claim.id}`, claim);
    const found = new Map<string, { id: string; statement: string }[]>();
    for (const id of best(this.#questions.search(query, how))) {
      const claim = claims.get(id);
      const slug = claim?.question ?? id;
      const of = found.get(slug) ?? [];
      found.set(slug, of);
      if (claim !== undefined && of.length < CLAIMS_MAX) of.push(claim);
    }
    const errors = new Map(this.#data.errors.map((error) => [error.name, error] as const));
    const terms = new Map(this.#data.terms.map((term) => [term.id, term] as const));
    const named = best(this.#terms.search(query, how)).slice(0, TERMS_MAX);
    const names = [...this.#named(query), ...best(this.#errors.search(query, how))];
    return {
      questions: [...found].map(([slug, of]) => ({ slug, claims: of })),
      errors: [...new Set(names)].slice(0, ERRORS_MAX).flatMap((name) => errors.get(name) ?? []),
      terms: named.flatMap((id) => terms.get(id) ?? []),
    };
  }

  /** The error codes that a query names, as brokers write them or as clients do. */
  #named(query: string): string[] {
    const terms = new Set(queryTerms(query).map((term) => term.replace(/exception$/, '')));
    return this.#data.errors
      .map(({ name }) => name)
      .filter((name) => queryTerms(name).some((term) => terms.has(term.replace(/exception$/, ''))));
  }
}

/** The ids of what fits, without what fits far worse than the best. */
function best(results: readonly SearchResult[]): string[] {
  const top = results[0]?.score ?? 0;
  return results.filter(({ score }) => score > top / 4).map(({ id }) => String(id));
}

function indexOf(documents: readonly Document[]): MiniSearch<Document> {
  const index = new MiniSearch<Document>({ fields: ['title', 'text'], tokenize: indexTerms });
  index.addAll(documents);
  return index;
}
