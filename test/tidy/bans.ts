/**
 * What would make a run depend on something else than (code, seed, inputs): the world's clock,
 * randomness, locale, scheduler and DOM, and arithmetic that engines may round each in their way.
 *
 * It reads syntax, not types. engine/tsconfig.json, which knows neither DOM nor Node, is the
 * second line of the same defence.
 */
import ts from 'typescript';
import { declaredNames, isFreeName, parse } from './syntax.ts';
import type { Fault, SourceFile } from './tree.ts';

/** Each banned name, and what to use in its place. */
const NAMES: Readonly<Record<string, string>> = {
  Date: 'the clock port',
  performance: 'the clock port',
  setTimeout: 'the clock port',
  setInterval: 'the clock port',
  setImmediate: 'the clock port',
  queueMicrotask: 'an event',
  requestAnimationFrame: 'an event',
  Promise: 'an event',
  console: 'the trace',
  Intl: 'the web side',
  crypto: 'the random port, or a hash of engine/bytes',
  structuredClone: 'a copy that names its fields',
  TextEncoder: 'the UTF-8 of engine/bytes',
  TextDecoder: 'the UTF-8 of engine/bytes',
  Buffer: 'Uint8Array',
  process: 'a port',
  globalThis: 'a port',
  self: 'a port',
  window: 'a port',
  document: 'a port',
  navigator: 'a port',
  location: 'a port',
  localStorage: 'a port',
  sessionStorage: 'a port',
  indexedDB: 'a port',
  fetch: 'the network port',
  XMLHttpRequest: 'the network port',
  WebSocket: 'the network port',
  Worker: 'a process of the simulated world',
  MessageChannel: 'an event',
  BroadcastChannel: 'an event',
  AbortController: 'an event',
  URL: 'plain text',
  SharedArrayBuffer: 'a message',
  Atomics: 'a message',
  WeakRef: 'an explicit close',
  FinalizationRegistry: 'an explicit close',
  eval: 'code',
  require: 'an import',
};

const MATH_ALLOWED = new Set(
  ['imul', 'clz32', 'abs', 'min', 'max', 'floor', 'ceil', 'trunc', 'sign'], //
);

const METHODS: Readonly<Record<string, string>> = {
  localeCompare: 'a comparison of code units',
  normalize: 'text as it came',
  toLocaleString: 'the web side',
  toLocaleDateString: 'the web side',
  toLocaleTimeString: 'the web side',
  toLocaleUpperCase: 'toUpperCase',
  toLocaleLowerCase: 'toLowerCase',
};

const POWERS = new Set([
  ts.SyntaxKind.AsteriskAsteriskToken,
  ts.SyntaxKind.AsteriskAsteriskEqualsToken,
]);

/** Whether the bans hold for a file: the engine outside node/, and the lessons' TypeScript. */
export function isDeterministic(path: string): boolean {
  if (!path.endsWith('.ts')) return false;
  return (path.startsWith('engine/') && !path.startsWith('engine/node/')) || isLesson(path);
}

function isLesson(path: string): boolean {
  return path.startsWith('lessons/');
}

/** Every banned thing in a file for which the bans hold. */
export function bannedThings(file: SourceFile): Fault[] {
  if (!isDeterministic(file.path)) return [];
  const source = parse(file);
  const declared = declaredNames(source);
  const faults: Fault[] = [];
  const visit = (node: ts.Node): void => {
    const problem = problemOf(node, declared);
    if (problem !== undefined) {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      faults.push({ path: file.path, line, problem });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return faults;
}

function problemOf(node: ts.Node, declared: ReadonlySet<string>): string | undefined {
  if (ts.isIdentifier(node) && isFreeName(node)) return problemOfName(node, declared);
  if (ts.isPropertyAccessExpression(node)) {
    const method = node.name.text;
    const instead = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
    return instead === undefined ? undefined : `.${node.name.text} is banned: use ${instead}`;
  }
  if (ts.isCallExpression(node)) return problemOfCall(node);
  if (ts.isBinaryExpression(node) && POWERS.has(node.operatorToken.kind)) {
    return '** is banned: engines round it differently';
  }
  if (ts.isAwaitExpression(node)) return 'await is banned: use an event';
  if (node.kind === ts.SyntaxKind.AsyncKeyword) return 'async is banned: use an event';
  if (ts.isForOfStatement(node) && node.awaitModifier !== undefined) {
    return 'for await is banned: use an event';
  }
  return undefined;
}

function problemOfName(node: ts.Identifier, declared: ReadonlySet<string>): string | undefined {
  const name = node.text;
  if (declared.has(name)) return undefined;
  if (name === 'Math') {
    const use = node.parent;
    const isAllowed = ts.isPropertyAccessExpression(use) && MATH_ALLOWED.has(use.name.text);
    return isAllowed ? undefined : `${use.getText()} is banned: engines may differ`;
  }
  const instead = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
  return instead === undefined ? undefined : `${name} is banned: use ${instead}`;
}

function problemOfCall(node: ts.CallExpression): string | undefined {
  const callee = node.expression;
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return 'import() is banned: import at the top';
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  const sorts = callee.name.text === 'sort' || callee.name.text === 'toSorted';
  return sorts && node.arguments.length === 0
    ? `.${callee.name.text}() without a comparator is banned`
    : undefined;
}
