/**
 * How a lesson's prose (.svx: Markdown with components) becomes a Svelte component: mdsvex, code
 * coloured at build time, and an id on every heading.
 *
 * Smart quotes are off, since they would turn `--topic` into a dash.
 */
import { escapeSvelte, mdsvex } from 'mdsvex';
import { createHighlighter } from 'shiki';

const LANGUAGES = ['java', 'json', 'bash', 'ts', 'yaml', 'sql', 'lua', 'xml', 'text'];

const highlighter = await createHighlighter({
  themes: ['github-light-high-contrast', 'github-dark-high-contrast'],
  langs: LANGUAGES,
});

/** The part of a syntax tree of HTML that is read here. */
interface Node {
  type: string;
  tagName?: string;
  value?: string;
  properties?: Record<string, unknown>;
  children?: Node[];
}

/** The preprocessor for Svelte's compiler. */
export function lessonMarkdown(): ReturnType<typeof mdsvex> {
  return mdsvex({
    extensions: ['.svx'],
    smartypants: false,
    rehypePlugins: [headingIds as never],
    highlight: { highlighter: highlighted },
  });
}

function highlighted(code: string, language: string | null | undefined): string {
  const known = LANGUAGES.find((name) => name === language) ?? 'text';
  const html = highlighter.codeToHtml(code, {
    lang: known,
    themes: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    defaultColor: 'light-dark()',
  });
  return `{@html \`${escapeSvelte(html)}\`}`;
}

/** Gives each heading an id made of its own words, so that it can be linked to. */
function headingIds(): (tree: Node) => void {
  return (tree) => {
    const visit = (node: Node): void => {
      if (node.tagName !== undefined && /^h[2-4]$/.test(node.tagName)) {
        node.properties = { ...node.properties, id: anchorOf(textOf(node)) };
      }
      node.children?.forEach(visit);
    };
    visit(tree);
  };
}

function textOf(node: Node): string {
  return (node.value ?? '') + (node.children ?? []).map(textOf).join('');
}

/** Letters and digits of any script in lower case, the rest as single hyphens. */
function anchorOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}]+/gu, '-')
    .replace(/^-|-$/g, '');
}
