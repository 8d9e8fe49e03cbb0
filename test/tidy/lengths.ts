/**
 * Lengths: files of 500 lines, functions of 70, lines of 100 columns. A suite of tests
 * (`describe`) is a list, not a function, and may be longer. The lines of web/i18n are sentences
 * for readers, one a line, and may be as long as a sentence is.
 */
import ts from 'typescript';
import type { Fault, SourceFile } from './tree.ts';
import { parse } from './syntax.ts';

const FILE_LINES_MAX = 500;
const FUNCTION_LINES_MAX = 70;
const LINE_COLUMNS_MAX = 100;

const CODE = /\.(ts|mjs|js|cjs|svelte|css)$/;
const SENTENCES = /^web\/i18n\//;
const FUNCTIONS = /\.(ts|mjs|js|cjs|svelte)$/;

/** Files and lines that are too long. */
export function longText({ path, text }: SourceFile): Fault[] {
  if (!CODE.test(path)) return [];
  const lines = text.replace(/\n$/, '').split('\n');
  const faults: Fault[] = lines.flatMap((line, index) => {
    const columns = [...line].length;
    const problem = `line of ${columns} columns, ${LINE_COLUMNS_MAX} are allowed`;
    return columns > LINE_COLUMNS_MAX && !SENTENCES.test(path)
      ? [{ path, line: index + 1, problem }]
      : [];
  });
  if (lines.length > FILE_LINES_MAX) {
    const problem = `file of ${lines.length} lines, ${FILE_LINES_MAX} are allowed`;
    faults.push({ path, line: lines.length, problem });
  }
  return faults;
}

/** Functions that are too long. */
export function longFunctions(file: SourceFile): Fault[] {
  if (!FUNCTIONS.test(file.path)) return [];
  const source = parse(file);
  const faults: Fault[] = [];
  const visit = (node: ts.Node): void => {
    if (isFunction(node) && !isSuite(node)) {
      const first = source.getLineAndCharacterOfPosition(node.getStart(source)).line;
      const last = source.getLineAndCharacterOfPosition(node.getEnd()).line;
      const lines = last - first + 1;
      const problem = `function of ${lines} lines, ${FUNCTION_LINES_MAX} are allowed`;
      if (lines > FUNCTION_LINES_MAX) faults.push({ path: file.path, line: first + 1, problem });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return faults;
}

function isFunction(node: ts.Node): boolean {
  return (
    (ts.isFunctionLike(node) || ts.isClassStaticBlockDeclaration(node)) &&
    'body' in node &&
    node.body !== undefined
  );
}

function isSuite(node: ts.Node): boolean {
  const call = node.parent;
  return ts.isCallExpression(call) && /^describe\b/.test(call.expression.getText());
}
