import ts from 'typescript';

/** A sentence for people that breaks a rule of "How to write English" in CONTRIBUTING. */
export interface PlainEnglishFinding {
  /** Line from 1. */
  readonly line: number;
  /** The words that break the rule, as they stand. */
  readonly found: string;
  readonly rule: string;
}

const RULES: readonly (readonly [rule: string, pattern: RegExp])[] = [
  ['write "is not a" or "has no"', /(?<!\bthere )\b(?:is|are) no (?!longer\b)\w+/gi],
  ['write "is not a" or "is missing"', /\b(?:is|are) none\b(?! of\b)/gi],
  ['write "reads", "reports" or "shows"', /\b(?:tells?|told|speaks?|says|said)\b/gi],
  ['use the words of the field', /\b(?:tellers?|seed document|founding document|no room for)\b/gi],
  ['write "again"', /\banew\b/gi],
  ['write "anyway"', /\ball the same\b/gi],
  ['name the subject', /^(?:what|whoever|who) (?!is\b.*\?)/gi],
];

/** The words of a text that break a rule; a text of several lines is numbered from `line`. */
export function findForbiddenWords(text: string, line = 1): PlainEnglishFinding[] {
  return text
    .split('\n')
    .flatMap((part, index) =>
      RULES.flatMap(([rule, pattern]) =>
        [...part.matchAll(pattern)].map(([found]) => ({ line: line + index, found: found.trim(), rule })),
      ),
    );
}

/**
 * The same in the strings of a source file: the texts that a program prints, and neither its comments nor its
 * names.
 */
export function findForbiddenStrings(text: string): PlainEnglishFinding[] {
  const file = ts.createSourceFile('checked.ts', text, ts.ScriptTarget.ES2022, true);
  const findings: PlainEnglishFinding[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || isProgram(node)) return;
    if (ts.isStringLiteralLike(node) || isTemplatePart(node)) {
      const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      if (isProse(node.text)) findings.push(...findForbiddenWords(node.text, line));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return findings;
}

function isTemplatePart(node: ts.Node): node is ts.TemplateHead | ts.TemplateMiddle | ts.TemplateTail {
  return ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node);
}

/** Names, patterns and keys are not sentences. */
function isProse(text: string): boolean {
  return /[a-z] [a-z(]|^ ?[a-z]+ | [a-z]+ ?$/i.test(text);
}

/** The source of a worker, which is a template of many statements. */
function isProgram(node: ts.Node): boolean {
  return (
    (ts.isTemplateExpression(node) || ts.isStringLiteralLike(node)) && /;\n[\s\S]*;\n/.test(node.getText())
  );
}
