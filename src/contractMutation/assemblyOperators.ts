import { type Operator, replaced } from "./mutant.ts";
import type { Node, Place, SyntaxTree } from "./syntaxTree.ts";

const INSTRUCTIONS: Readonly<Record<string, string>> = {
  add: "sub",
  sub: "add",
  mul: "add",
  div: "mul",
  mod: "div",
  and: "or",
  or: "and",
  xor: "or",
  lt: "gt",
  gt: "lt",
  slt: "sgt",
  sgt: "slt",
  shl: "shr",
  shr: "shl",
  addmod: "mulmod",
  mulmod: "addmod",
  call: "delegatecall",
};

const called = (node: Node): string => node.functionName?.name ?? "";

const instruction: Operator = ({ node }, tree) => {
  if (node.nodeType !== "YulFunctionCall") return [];
  const name = called(node);
  const inner: string[] = node.arguments.map(tree.textOf);
  const other = INSTRUCTIONS[name];
  if (/^(?:and|or|xor)$/.test(name))
    return [
      ...replaced(tree, "instruction", node.functionName, [other]),
      ...replaced(tree, "operand dropped", node, inner),
    ];
  if (/^(?:iszero|not)$/.test(name)) return replaced(tree, "instruction", node, inner);
  if (name === "eq")
    return replaced(
      tree,
      "relation",
      node,
      ["lt", "gt"].map((side) => `iszero(${side}(${inner.join()}))`).concat(`iszero(eq(${inner.join()}))`),
    );
  return other === undefined ? [] : replaced(tree, "instruction", node.functionName, [other]);
};

const literal: Operator = ({ node, parents: [parent] }, tree) => {
  if (node.nodeType !== "YulLiteral" || node.kind !== "number") return [];
  // From 0x3f or 0x41 comes another pointer to free memory, far away.
  if (/^mload\((?:0x40|64)\)$/.test(tree.textOf(parent))) return [];
  const value = BigInt(node.value);
  return replaced(tree, "literal", node, [`${value + 1n}`, ...(value === 0n ? [] : [`${value - 1n}`])]);
};

/** Statements that can be left out: what they set keeps what it held. */
const statement: Operator = ({ node }, tree) => {
  if (/^Yul(?:ExpressionStatement|Assignment|Break|Continue|Leave)$/.test(node.nodeType))
    return replaced(tree, "statement dropped", node, ["{}"]);
  if (node.nodeType === "YulVariableDeclaration" && node.variables.length === 1 && node.value)
    return replaced(tree, "value zero", node.value, ["0"]);
  if (node.nodeType === "YulIf") return replaced(tree, "condition", node.condition, ["0", "1"]);
  return node.nodeType === "YulForLoop" ? replaced(tree, "condition", node.condition, ["0"]) : [];
};

/** A variable of Solidity replaced by another that the same assembly uses in the same way. */
const variable: Operator = ({ node, parents }, tree) => {
  const assembly = parents.find(({ nodeType }) => nodeType === "InlineAssembly");
  if (node.nodeType !== "YulIdentifier" || assembly === undefined || isTarget(node, parents)) return [];
  const references: readonly { declaration: number; src: string; suffix?: string }[] = assembly.externalReferences;
  const own = references.find(({ src }) => src === node.src);
  if (own === undefined) return [];
  const others = references
    .filter(({ declaration, suffix }) => declaration !== own.declaration && suffix === own.suffix)
    .filter(({ declaration }) => isAlike(tree, declaration, own.declaration))
    .map(({ src }) => tree.textOf({ nodeType: "YulIdentifier", src }));
  return replaced(tree, "another variable", node, [...new Set(others)].slice(0, 2));
};

const isTarget = (node: Node, [parent]: Place["parents"]): boolean =>
  parent?.nodeType === "YulAssignment" && parent.variableNames.includes(node);

const typeIn = (tree: SyntaxTree, declaration: number): string =>
  tree.declarationOf(declaration)?.node.typeDescriptions.typeString;

const isAlike = (tree: SyntaxTree, first: number, second: number): boolean =>
  typeIn(tree, first) === typeIn(tree, second);

export const ASSEMBLY_OPERATORS: readonly Operator[] = [instruction, literal, statement, variable];
