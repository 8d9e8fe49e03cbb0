/**
 * Which folder may import which: downwards only, as engine/README.md draws it. A type may come
 * from anywhere below, also past a layer's handle, since it is gone when the code runs.
 */
import ts from 'typescript';
import { parse } from './syntax.ts';
import type { Fault, SourceFile } from './tree.ts';

/** The layers from the bottom; those of one row do not see each other. */
const ROWS: readonly (readonly string[])[] = [
  ['engine/kernel'],
  ['engine/bytes'],
  ['engine/wire'],
  ['engine/storage'],
  ['engine/consensus'],
  ['engine/zookeeper'],
  [
    'engine/kafka',
    'engine/rabbitmq',
    'engine/rocketmq',
    'engine/activemq',
    'engine/services',
    'engine/sim',
  ],
  ['engine/lab'],
  ['engine/shell'],
];

const HEIGHT = new Map(ROWS.flatMap((row, height) => row.map((layer) => [layer, height] as const)));

/** What the rows do not say: layers outside them, and the layers whose values each may import. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  'engine/node/adapters': ['engine/storage', 'engine/wire', 'engine/bytes', 'engine/kernel'],
  'engine/node': ['engine'],
  lessons: ['engine/lab'],
  prose: ['web/lesson'],
  'web/serve': ['engine/node/command'],
  web: ['lessons', 'engine/lab', 'engine/shell', 'engine/kernel'],
  test: ['engine', 'lessons', 'web'],
};

interface Import {
  readonly specifier: string;
  readonly position: number;
  readonly typeOnly: boolean;
}

/** Imports that run upwards or sideways, and `node:` imports outside engine/node. */
export function wrongImports(file: SourceFile): Fault[] {
  if (!/\.(ts|mjs|svelte|svx)$/.test(file.path)) return [];
  const from = layerOf(file.path);
  if (from === undefined) return [];
  const source = parse(file.path.endsWith('.svx') ? asSvelte(file) : file);
  return importsOf(source).flatMap(({ specifier, position, typeOnly }) => {
    const problem = problemOf(file.path, from, specifier, typeOnly);
    const line = source.getLineAndCharacterOfPosition(position).line + 1;
    return problem === undefined ? [] : [{ path: file.path, line, problem }];
  });
}

function problemOf(
  path: string,
  from: string,
  specifier: string,
  typeOnly: boolean,
): string | undefined {
  if (specifier.startsWith('node:')) {
    const pure =
      (path.startsWith('engine/') && !path.startsWith('engine/node/')) ||
      path.startsWith('lessons/');
    return pure ? `${specifier}: only engine/node imports Node's modules` : undefined;
  }
  const target = resolve(path, specifier);
  const to = target === undefined ? undefined : layerOf(target);
  if (target === undefined || to === undefined || to === from) return undefined;
  if (mayImport(from, to, target, typeOnly)) return undefined;
  return `${from} must not import ${to} (${specifier})`;
}

function mayImport(from: string, to: string, target: string, typeOnly: boolean): boolean {
  const allowed = OTHERS[from];
  if (allowed !== undefined) {
    if (allowed.some((layer) => target === layer || target.startsWith(`${layer}/`))) return true;
    const reachesEngine = from === 'web' || from === 'lessons';
    return typeOnly && reachesEngine && HEIGHT.has(to);
  }
  const [low, high] = [HEIGHT.get(to), HEIGHT.get(from)];
  return low !== undefined && high !== undefined && low < high;
}

/** The layer of a path: the longest one named; undefined for the root. Prose is its own. */
function layerOf(path: string): string | undefined {
  if (path.endsWith('.svx')) return 'prose';
  const layers = [...HEIGHT.keys(), ...Object.keys(OTHERS)];
  return layers
    .filter((layer) => path.startsWith(`${layer}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function resolve(path: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (!specifier.startsWith('.')) return undefined;
  const parts = path.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function importsOf(source: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier !== undefined && ts.isStringLiteral(specifier)) {
      found.push({ specifier: specifier.text, position: node.getStart(source), typeOnly });
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const isType = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
      add(node, node.moduleSpecifier, isType || everyIsType(node.importClause?.namedBindings));
    } else if (ts.isExportDeclaration(node)) {
      add(node, node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node, node.arguments[0], false);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node, node.argument.literal, true);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function everyIsType(bindings: ts.NamedImportBindings | undefined): boolean {
  if (bindings === undefined || !ts.isNamedImports(bindings)) return false;
  return bindings.elements.length > 0 && bindings.elements.every((element) => element.isTypeOnly);
}

function asSvelte(file: SourceFile): SourceFile {
  return { path: `${file.path}.svelte`, text: file.text };
}
