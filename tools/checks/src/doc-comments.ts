import ts from 'typescript';
import type { PublicName } from './public-names';

/** The parts that the doc comment of an exported name lacks, as sentences; empty if it lacks none. */
export function findDocGaps({ name, kind, declaration }: PublicName): string[] {
  const where = commentOwner(declaration);
  const gaps: string[] = [];
  if (!hasSentence(where)) gaps.push(`${name} has no doc comment that ends its first sentence`);
  if (kind === 'function' || kind === 'class') {
    if (examplesOf(declaration).length === 0) gaps.push(`${name} has no @example`);
  }
  if (ts.isFunctionDeclaration(declaration) && throwsDirectly(declaration) && !says(where, '@throws')) {
    gaps.push(`${name} throws and its comment has no @throws`);
  }
  return [...gaps, ...memberGaps(name, declaration)];
}

/** The code of each `@example` of an exported name, its fence taken off. */
export function examplesOf(declaration: ts.Declaration): string[] {
  return ts
    .getJSDocTags(commentOwner(declaration))
    .filter((tag) => tag.tagName.text === 'example')
    .map((tag) => /```ts\n([\s\S]*?)```/.exec(ts.getTextOfJSDocComment(tag.comment) ?? '')?.[1])
    .filter((code) => code !== undefined);
}

function memberGaps(name: string, declaration: ts.Declaration): string[] {
  if (!ts.isInterfaceDeclaration(declaration) && !ts.isClassDeclaration(declaration)) return [];
  return [...declaration.members]
    .filter((member) => isPublicMember(member) && !hasSentence(member))
    .filter((member) => !inheritsComment(member))
    .map((member) => `${name}.${member.name?.getText()} has no doc comment`);
}

function isPublicMember(member: ts.ClassElement | ts.TypeElement): boolean {
  if (member.name === undefined || ts.isPrivateIdentifier(member.name)) return false;
  return (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) === 0;
}

/** `override` members and `name` are documented where they come from. */
function inheritsComment(member: ts.ClassElement | ts.TypeElement): boolean {
  const implemented = ts.isClassElement(member) && member.parent && ts.isClassDeclaration(member.parent);
  if (!implemented) return false;
  const heritage = (member.parent as ts.ClassDeclaration).heritageClauses ?? [];
  const implementsSomething = heritage.length > 0;
  return implementsSomething || (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Override) !== 0;
}

function hasSentence(node: ts.Node): boolean {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const text = ts.getTextOfJSDocComment(comment?.comment) ?? '';
  return /[.:]/.test(text) && text.trim().length > 8;
}

function says(node: ts.Node, tag: string): boolean {
  return ts.getJSDocCommentsAndTags(node).some((comment) => comment.getText().includes(tag));
}

function throwsDirectly(declaration: ts.FunctionDeclaration): boolean {
  let found = false;
  const visit = (node: ts.Node): void => {
    if (ts.isThrowStatement(node)) found = true;
    else if (!ts.isFunctionLike(node)) ts.forEachChild(node, visit);
  };
  if (declaration.body) ts.forEachChild(declaration.body, visit);
  return found;
}

/** A `const` carries its comment on the statement around it. */
function commentOwner(declaration: ts.Declaration): ts.Node {
  return ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
}
