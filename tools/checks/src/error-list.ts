import ts from 'typescript';

/** A code that a source gives to an `OsiError`. */
export interface ErrorUse {
  /** The code; `undefined` if the source does not show it. */
  readonly code: string | undefined;
  /** Line from 1. */
  readonly line: number;
}

/** Every `new OsiError(...)` of a source file with its code; several where it is chosen. */
export function collectErrorUses(text: string): ErrorUse[] {
  const file = ts.createSourceFile('collected.ts', text, ts.ScriptTarget.ES2022, true);
  const uses: ErrorUse[] = [];
  eachNode(file, (node) => {
    if (!ts.isNewExpression(node) || !ts.isIdentifier(node.expression)) return;
    if (node.expression.text !== 'OsiError') return;
    const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    const [argument] = node.arguments ?? [];
    if (argument !== undefined && isCodeOfError(argument)) return;
    const codes = argument === undefined ? [] : codesOf(argument, file);
    uses.push(...(codes.length === 0 ? [undefined] : codes).map((code) => ({ code, line })));
  });
  return uses;
}

/** The codes of one section of docs/errors.md, by the first cell of its rows; the section of a package has its name. */
export function readErrorTable(markdown: string, title: string): string[] {
  const section = markdown.split(/^## /m).find((part) => part.split('\n')[0]?.trim() === title);
  return [...(section ?? '').matchAll(/^\| `([A-Z][A-Z0-9_]+)`/gm)].map(([, code = '']) => code);
}

/** How a list of codes in a text differs from those that the sources construct, as sentences. */
export function findErrorGaps(constructed: readonly string[], named: readonly string[]): string[] {
  const twice = named.filter((code, index) => named.indexOf(code) !== index);
  const missing = [...new Set(constructed)].filter((code) => !named.includes(code));
  const unknown = [...new Set(named)].filter((code) => !constructed.includes(code));
  return [
    ...missing.sort().map((code) => `${code} is not named`),
    ...unknown.sort().map((code) => `${code} is named, but nothing constructs it`),
    ...twice.map((code) => `${code} is named twice`),
  ];
}

function codesOf(expression: ts.Expression, file: ts.SourceFile): string[] {
  if (ts.isStringLiteralLike(expression)) return [expression.text];
  if (ts.isParenthesizedExpression(expression)) return codesOf(expression.expression, file);
  if (ts.isConditionalExpression(expression)) {
    return [...codesOf(expression.whenTrue, file), ...codesOf(expression.whenFalse, file)];
  }
  if (ts.isPropertyAccessExpression(expression)) return propertyValues(expression.name.text, file);
  return [];
}

/** `error.code`: a copy of an error has the code of its original. */
function isCodeOfError(expression: ts.Expression): boolean {
  if (!ts.isPropertyAccessExpression(expression) || expression.name.text !== 'code') return false;
  return ts.isIdentifier(expression.expression) && expression.expression.text === 'error';
}

/** A code that comes out of a table is one of the values that the file gives to that property. */
function propertyValues(name: string, file: ts.SourceFile): string[] {
  const values: string[] = [];
  eachNode(file, (node) => {
    if (!ts.isPropertyAssignment(node) || node.name.getText() !== name) return;
    values.push(...codesOf(node.initializer, file));
  });
  return values;
}

function eachNode(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => eachNode(child, visit));
}
