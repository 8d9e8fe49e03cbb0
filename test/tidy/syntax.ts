/**
 * Parses a source file with TypeScript. Of a Svelte file only the scripts are read: the rest is
 * blanked, so that positions stay true.
 */
import ts from 'typescript';
import type { SourceFile } from './tree.ts';

/** The syntax tree, with parents set. */
export function parse({ path, text }: SourceFile): ts.SourceFile {
  const code = path.endsWith('.svelte') ? scriptsOf(text) : text;
  return ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
}

function scriptsOf(svelte: string): string {
  const blank = (part: string): string => part.replace(/[^\n]/g, ' ');
  let code = '';
  let end = 0;
  for (const match of svelte.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)) {
    const body = match[1] ?? '';
    const start = match.index + match[0].indexOf('>') + 1;
    code += blank(svelte.slice(end, start)) + body;
    end = start + body.length;
  }
  return code + blank(svelte.slice(end));
}

/** Where a name stands that means a variable or a type, not a property or a label of its own. */
export function isFreeName(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return false;
  if (ts.isQualifiedName(parent) && parent.right === node) return false;
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return false;
  const named = parent as Partial<ts.NamedDeclaration>;
  return named.name !== node || ts.isShorthandPropertyAssignment(parent);
}

/** The names that a file declares or imports: they hide the world's. */
export function declaredNames(source: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    const declares =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isTypeAliasDeclaration(node) ||
      ts.isImportSpecifier(node) ||
      ts.isImportClause(node) ||
      ts.isNamespaceImport(node);
    if (declares && node.name !== undefined && ts.isIdentifier(node.name))
      names.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}
