import { zeroOf } from "./expressionOperators.ts";
import { type Change, type Operator, replaced } from "./mutant.ts";
import { type Node, type Place, type SyntaxTree, placesOf } from "./syntaxTree.ts";

const typeOf = (node: Node): string => node.typeDescriptions?.typeString ?? "";

/** Replaces a statement with its semicolon, which belongs to some statements' nodes only. */
function instead(tree: SyntaxTree, operator: string, node: Node, text: string): Change {
  const { start, end } = tree.spanOf(node);
  return { operator, edits: [{ start, end: tree.text[end] === ";" ? end + 1 : end, text }] };
}

const dropped = (tree: SyntaxTree, operator: string, node: Node): Change => instead(tree, operator, node, "{}");

const isGuarded = ({ parents: [parent, grandparent] }: Place): boolean =>
  parent?.nodeType === "IfStatement" ||
  (parent?.nodeType === "Block" && parent.statements.length === 1 && grandparent?.nodeType === "IfStatement");

const statement: Operator = (place, tree) => {
  const { node } = place;
  if (/^(?:ExpressionStatement|EmitStatement|Break|Continue)$/.test(node.nodeType))
    return [dropped(tree, "statement dropped", node)];
  // A guard that does not revert is one whose condition is false, which another operator makes.
  if (node.nodeType === "RevertStatement" && !isGuarded(place)) return [dropped(tree, "statement dropped", node)];
  if (node.nodeType === "Return" && !node.expression) return [dropped(tree, "statement dropped", node)];
  return [];
};

const initialValue: Operator = ({ node }, tree) => {
  if (node.nodeType !== "VariableDeclarationStatement" || !node.initialValue) return [];
  if (node.declarations.length !== 1) return [];
  return replaced(tree, "value zero", node.initialValue, [zeroOf(typeOf(node.declarations[0])) ?? []].flat());
};

const returned: Operator = ({ node }, tree) => {
  if (node.nodeType !== "Return" || !node.expression) return [];
  const isTuple = node.expression.nodeType === "TupleExpression";
  const values: Node[] = isTuple ? node.expression.components : [node.expression];
  return values.flatMap((value) => {
    const type = typeOf(value);
    return replaced(tree, "returned value", value, [type === "bool" ? ["true", "false"] : (zeroOf(type) ?? [])].flat());
  });
};

const modifier: Operator = ({ node }, tree) =>
  node.nodeType === "ModifierInvocation" && node.kind === "modifierInvocation"
    ? replaced(tree, "modifier dropped", node, [""])
    : [];

/** The name at the bottom of `a.b[c].d`. */
function rootOf(expression: Node): Node {
  const inner = expression.expression ?? expression.baseExpression;
  return inner === undefined ? expression : rootOf(inner);
}

/** Whether a statement writes the contract's storage. */
function isEffect(node: Node, tree: SyntaxTree): boolean {
  if (node.nodeType !== "ExpressionStatement") return false;
  const target = node.expression.leftHandSide ?? node.expression.subExpression;
  if (target === undefined) return false;
  const declared = tree.declarationOf(rootOf(target).referencedDeclaration)?.node;
  return declared?.stateVariable === true || declared?.storageLocation === "storage";
}

/** Whether a statement runs other code that may read what was written; what events and errors carry runs nothing. */
const isCalling = (node: Node): boolean =>
  placesOf(node).some(({ node: inner, parents: [parent] }) => {
    if (inner.nodeType !== "FunctionCall" || inner.kind !== "functionCall") return false;
    return !/^(?:Emit|Revert)Statement$/.test(parent?.nodeType ?? "") && !/\) pure\b/.test(typeOf(inner.expression));
  });

/** A write of storage moved behind the calls that follow it. */
const effect: Operator = ({ node, parents }, tree) => {
  const siblings: Node[] = parents[0]?.statements ?? [];
  const behind = siblings.slice(siblings.indexOf(node) + 1);
  const last = behind.findLast(isCalling);
  if (!siblings.includes(node) || last === undefined || last.nodeType === "Return" || !isEffect(node, tree)) return [];
  const move = dropped(tree, "effect after call", node);
  const { end } = tree.spanOf(last);
  const at = tree.text[end] === ";" ? end + 1 : end;
  return [{ ...move, edits: [...move.edits, { start: at, end: at, text: ` ${tree.textOf(node)};` }] }];
};

const ARITHMETIC = /^(?:[-+*]|[-+*]=|\+\+|--)$/;

/** Overflow checks left out, or added. */
const overflow: Operator = ({ node, parents }, tree) => {
  const { start } = tree.spanOf(node);
  if (node.nodeType === "UncheckedBlock")
    return [{ operator: "overflow checked", edits: [{ start, end: start + "unchecked".length, text: "" }] }];
  if (node.nodeType !== "ExpressionStatement" || parents.some(({ nodeType }) => nodeType === "UncheckedBlock"))
    return [];
  // A counter of a loop belongs to its header, which takes no block.
  if (parents[0].nodeType === "ForStatement" && parents[0].body !== node) return [];
  const checked = placesOf(node).some(
    ({ node: inner }) => ARITHMETIC.test(inner.operator ?? "") && /^u?int/.test(typeOf(inner)),
  );
  return checked ? [instead(tree, "overflow unchecked", node, `unchecked { ${tree.textOf(node)}; }`)] : [];
};

export const STATEMENT_OPERATORS: readonly Operator[] = [statement, initialValue, returned, modifier, effect, overflow];
