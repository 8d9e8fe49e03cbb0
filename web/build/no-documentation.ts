/**
 * Vite plugin for the worker: leaves out the sentences that document the engine's tables and that
 * nothing reads at run time there. They are what a field of a message is for (`about`), what a
 * switch of a release does and where that is written (`about`, `source`), and the documentation of
 * a setting, which DescribeConfigs tells to the clients of `highwater serve` alone.
 *
 * A setting keeps a dash, for it must say something. Not here: sentences that a reader sees.
 */
import type { Plugin } from 'vite';
import { isSyntax, nodesOf, without } from './syntax.ts';
import type { Cut, Syntax } from './syntax.ts';

interface Source {
  readonly code: string;
  /** The names of properties whose texts are documentation. */
  readonly documenting: readonly string[];
}

const TABLES =
  /\/engine\/(?:wire\/kafka|kafka|rabbitmq\/profiles)\/(?!.*(?:trace|narration)\.ts$).*\.ts$/;
const SWITCHES = /\/engine\/(?:kafka|rabbitmq)\/profiles\/switches\.ts$/;
/** The makers of settings in `engine/kafka/config.ts`; the second argument is the sentence. */
const SETTINGS = new Set(['boolean', 'int', 'long', 'double', 'string', 'list']);

export function noDocumentation(): Plugin {
  return {
    name: 'highwater:no-documentation',
    transform: {
      filter: { id: TABLES },
      handler(code, id) {
        const documenting = SWITCHES.test(id) ? ['about', 'source'] : ['about'];
        const cuts = nodesOf(this.parse(code, { lang: 'ts' }))
          .map((node) => documentation(node, { code, documenting }))
          .filter((cut) => cut !== null);
        return cuts.length === 0 ? undefined : { code: without(code, cuts), map: null };
      },
    },
  };
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
