/**
 * Vite plugin for the worker: leaves out the sentences that document the engine's tables and that
 * nothing reads at run time there. They are what a field of a message is for (`about`), what a
 * switch of a release does and where that is written (`about`, `source`), and the documentation of
 * a setting, which DescribeConfigs tells to the clients of `highwater serve` alone.
 *
 * A setting keeps a dash, for it must say something. Not here: sentences that a reader sees.
 */
import type { Plugin } from 'vite';

/** Where in a file, and what stands there instead. */
interface Cut {
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

/** A node of a syntax tree, as far as this file looks at it. */
interface Syntax {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [part: string]: unknown;
}

interface Source {
  readonly code: string;
  /** The names of properties whose texts are documentation. */
  readonly documenting: readonly string[];
}

const TABLES = /\/engine\/(?:wire\/kafka|kafka)\/(?!.*(?:trace|narration)\.ts$).*\.ts$/;
const SWITCHES = /\/engine\/kafka\/profiles\/switches\.ts$/;
/** The makers of settings in `engine/kafka/config.ts`; the second argument is the sentence. */
const SETTINGS = new Set(['boolean', 'int', 'long', 'double', 'string', 'list']);

export function noDocumentation(): Plugin {
  return {
    name: 'highwater:no-documentation',
    transform: {
      filter: { id: TABLES },
      handler(code, id) {
        const cuts: Cut[] = [];
        const documenting = SWITCHES.test(id) ? ['about', 'source'] : ['about'];
        const program = this.parse(code, { lang: 'ts' }) as unknown as Syntax;
        collect(program, { code, documenting }, cuts);
        return cuts.length === 0 ? undefined : { code: without(code, cuts), map: null };
      },
    },
  };
}

function collect(node: Syntax, source: Source, cuts: Cut[]): void {
  const cut = documentation(node, source);
  if (cut !== null) cuts.push(cut);
  for (const part of Object.values(node)) {
    for (const one of Array.isArray(part) ? (part as unknown[]) : [part]) {
      if (isSyntax(one)) collect(one, source, cuts);
    }
  }
}

/** What is to go of this node, null if nothing. */
function documentation(node: Syntax, { code, documenting }: Source): Cut | null {
  if (node.type === 'Property') {
    const { name } = node['key'] as { readonly name?: string };
    if (!documenting.includes(name ?? '') || !isSentence(node['value'])) return null;
    const comma = /^\s*,/.exec(code.slice(node.end))?.[0].length ?? 0;
    return { start: node.start, end: node.end + comma, by: '' };
  }
  if (node.type !== 'CallExpression') return null;
  const { name } = node['callee'] as { readonly name?: string };
  const [, sentence] = node['arguments'] as readonly unknown[];
  if (!SETTINGS.has(name ?? '') || !isSentence(sentence)) return null;
  return { start: sentence.start, end: sentence.end, by: "'-'" };
}

/** A text, or several joined by `+`. */
function isSentence(node: unknown): node is Syntax {
  if (!isSyntax(node)) return false;
  if (node.type === 'Literal') return typeof node['value'] === 'string';
  if (node.type !== 'BinaryExpression') return false;
  return isSentence(node['left']) && isSentence(node['right']);
}

function isSyntax(part: unknown): part is Syntax {
  return typeof (part as { readonly type?: unknown } | null)?.type === 'string';
}

function without(code: string, cuts: readonly Cut[]): string {
  const fromTheEnd = [...cuts].sort((left, right) => right.start - left.start);
  return fromTheEnd.reduce((text, { start, end, by }) => {
    return text.slice(0, start) + by + text.slice(end);
  }, code);
}
