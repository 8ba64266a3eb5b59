/**
 * Optional properties of generated types may also be undefined, as those of our schemas may: with
 * `exactOptionalPropertyTypes` the compiler tells both apart, and JSON and a query do not.
 */
import ts from 'typescript';

export function orUndefined(node: ts.Node): ts.Node {
  return ts.visitEachChild(node, visit, undefined);
}

function visit(node: ts.Node): ts.Node {
  const inner = ts.visitEachChild(node, visit, undefined);
  if (!ts.isPropertySignature(inner) || !inner.questionToken || !inner.type) return inner;
  if (inner.type.kind === ts.SyntaxKind.NeverKeyword) return inner;
  const type = ts.factory.createUnionTypeNode([
    inner.type,
    ts.factory.createKeywordTypeNode(ts.SyntaxKind.UndefinedKeyword),
  ]);
  const made = ts.factory.updatePropertySignature(inner, inner.modifiers, inner.name, inner.questionToken, type);
  return made;
}
