/**
 * What a page is called and what it is about, for its tab and for who finds it by a search engine.
 */
import { MESSAGES } from '../i18n/messages.ts';
import { langOf, type Page } from '../routes.ts';

interface Head {
  readonly title: string;
  readonly description: string;
  /** Whether it is one of a kind for both languages, as the door is. */
  readonly isBilingual: boolean;
}

/** As much as is shown of a description. */
const DESCRIPTION_CHARACTERS_MAX = 160;

export function headOf(page: Page): Head {
  const t = MESSAGES[langOf(page)];
  const named = namedHead(page);
  return {
    title: named.title === null ? `${t.name}: ${t.tagline}` : `${named.title} · ${t.name}`,
    description: shortened(named.description || t.about),
    isBilingual: page.kind === 'home' || page.kind === 'index',
  };
}

function namedHead(page: Page): { readonly title: string | null; readonly description: string } {
  const t = MESSAGES[langOf(page)];
  switch (page.kind) {
    case 'home':
    case 'index':
      return { title: null, description: t.about };
    case 'missing':
      return { title: t.missing.title, description: t.missing.text };
    case 'gallery':
      return { title: t.gallery.title, description: t.gallery.about };
    case 'safe':
    case 'study':
    case 'interview':
    case 'playground':
    case 'compare':
    case 'map':
    case 'machines':
    case 'glossary':
      return { title: t[page.kind].title, description: t[page.kind].about };
    case 'questions':
      return {
        title: t.questions.title,
        description: t.questions.about(page.index.questions.length),
      };
    case 'question': {
      const { question, answer } = page.question.content;
      return { title: question, description: answer };
    }
    case 'lesson':
    case 'embed':
    case 'story':
      return { title: page.entry.title, description: page.entry.summary };
  }
}

function shortened(text: string): string {
  if (text.length <= DESCRIPTION_CHARACTERS_MAX) return text;
  return `${text.slice(0, DESCRIPTION_CHARACTERS_MAX - 1)}…`;
}
