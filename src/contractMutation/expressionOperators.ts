import { type Change, type Operator, replaced, swapped } from "./mutant.ts";
import type { Node, Place, SyntaxTree } from "./syntaxTree.ts";

const typeOf = (node: Node): string => node.typeDescriptions?.typeString ?? "";
const isInteger = (node: Node): boolean => /^(?:u?int\d*|int_const .*)$/.test(typeOf(node));

/** A value of the type that is easy to confuse with none, as source text. */
export function zeroOf(type: string): string | undefined {
  if (type === "bool") return "false";
  if (/^address( payable)?$/.test(type)) return "address(0)";
  return /^(?:u?int|bytes)\d+$/.test(type) ? `${type}(0)` : undefined;
}

const RELATIONS: Readonly<Record<string, readonly string[]>> = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "==": ["!="],
  "!=": ["=="],
};
/** An equality of integers can also fail on one side only. */
const ONE_SIDED: Readonly<Record<string, readonly string[]>> = { "==": ["<=", ">="], "!=": ["<", ">"] };
/** Of an unsigned integer, `<= 0` says what `== 0` says, and `> 0` what `!= 0` says. */
const SAME_AT_ZERO: readonly string[] = ["<=", ">"];
const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["/"],
  "**": ["*"],
  "|": ["&"],
  "&": ["|"],
  "^": ["|"],
  "<<": [">>"],
  ">>": ["<<"],
  "&&": ["||"],
  "||": ["&&"],
};
const ASSIGNMENTS: Readonly<Record<string, readonly string[]>> = {
  "+=": ["-=", "="],
  "-=": ["+=", "="],
  "*=": ["/=", "="],
  "/=": ["*=", "="],
  "|=": ["&=", "="],
  "&=": ["|=", "="],
  "^=": ["|=", "="],
  "<<=": [">>=", "="],
  ">>=": ["<<=", "="],
};

/** The operator between two operands replaced. */
function between(tree: SyntaxTree, operator: string, left: Node, right: Node, texts: readonly string[]): Change[] {
  const [start, end] = [tree.spanOf(left).end, tree.spanOf(right).start];
  // Brackets around an operand belong to no node.
  const [before, , after] = /^([\s)]*)(\S+?)([\s(]*)$/.exec(tree.text.slice(start, end))?.slice(1) ?? [];
  if (before === undefined) return [];
  return texts.map((text) => ({ operator, edits: [{ start, end, text: `${before}${text}${after}` }] }));
}

const binary: Operator = ({ node }, tree) => {
  if (node.nodeType !== "BinaryOperation") return [];
  const { operator, leftExpression: left, rightExpression: right } = node;
  const isAtZero = typeOf(left).startsWith("uint") && tree.textOf(right) === "0";
  const oneSided = (isInteger(left) && isInteger(right) ? (ONE_SIDED[operator] ?? []) : []).filter(
    (text) => !isAtZero || !SAME_AT_ZERO.includes(text),
  );
  const kind = RELATIONS[operator] === undefined ? "operator" : "relation";
  const texts = [...(RELATIONS[operator] ?? OPERATORS[operator] ?? []), ...oneSided];
  const operands = /^(?:&&|\|\||[|&^])$/.test(operator) ? [left, right].map(tree.textOf) : [];
  return [
    ...between(tree, kind, left, right, texts),
    ...replaced(
      tree,
      "operand dropped",
      node,
      operands.map((operand) => `(${operand})`),
    ),
  ];
};

const assignment: Operator = ({ node }, tree) =>
  node.nodeType === "Assignment"
    ? between(tree, "operator", node.leftHandSide, node.rightHandSide, ASSIGNMENTS[node.operator] ?? [])
    : [];

const unary: Operator = ({ node }, tree) => {
  if (node.nodeType !== "UnaryOperation" || node.operator === "delete") return [];
  const inner = tree.textOf(node.subExpression);
  const steps: Readonly<Record<string, string>> = { "++": "--", "--": "++" };
  const step = steps[node.operator];
  if (step === undefined) return replaced(tree, "operator", node, [inner]);
  return replaced(tree, "operator", node, [node.prefix ? `${step}${inner}` : `${inner}${step}`]);
};

/** Lengths of arrays are part of a type. */
const isInType = ({ parents }: Place): boolean => parents.some(({ nodeType }) => nodeType === "ArrayTypeName");

const literal: Operator = (place, tree) => {
  const { node } = place;
  if (node.nodeType !== "Literal" || isInType(place)) return [];
  if (node.kind === "bool") return replaced(tree, "literal", node, [node.value === "true" ? "false" : "true"]);
  if (node.kind === "string") return replaced(tree, "literal", node, node.value === "" ? [] : [`""`]);
  if (node.kind !== "number") return [];
  const text = tree.textOf(node);
  if (typeOf(node) === "address") return replaced(tree, "literal", node, ["address(0)"]);
  return replaced(tree, "literal", node, text === "0" ? ["1"] : [`(${text} + 1)`, `(${text} - 1)`]);
};

const condition: Operator = ({ node }, tree) => {
  if (node.nodeType === "IfStatement" || node.nodeType === "Conditional")
    return replaced(tree, "condition", node.condition, ["true", "false"]);
  const isLoop = /^(?:For|While|DoWhile)Statement$/.test(node.nodeType);
  return isLoop && node.condition ? replaced(tree, "condition", node.condition, ["false"]) : [];
};

/** Neighbours of the same type exchanged: arguments, parts of a tuple. */
function neighbours(tree: SyntaxTree, operator: string, nodes: readonly (Node | null)[]): Change[] {
  return nodes.slice(1).flatMap((node, index) => {
    const before = nodes[index];
    if (!node || !before || typeOf(node) !== typeOf(before) || tree.textOf(node) === tree.textOf(before)) return [];
    return [swapped(tree, operator, before, node)];
  });
}

const call: Operator = ({ node }, tree) => {
  if (node.nodeType === "TupleExpression") return neighbours(tree, "parts swapped", node.components);
  if (node.nodeType === "FunctionCallOptions")
    return replaced(tree, "call options dropped", node, [tree.textOf(node.expression)]);
  if (node.nodeType !== "FunctionCall") return [];
  if (node.kind !== "typeConversion") return neighbours(tree, "arguments swapped", node.arguments);
  const own = tree.textOf(node) === "address(this)";
  return own
    ? replaced(tree, "environment", node, ["msg.sender"])
    : replaced(tree, "conversion dropped", node, [tree.textOf(node.arguments[0])]);
};

/** Events that carry nothing are as good as none. */
const eventArgument: Operator = ({ node }, tree) =>
  node.nodeType === "EmitStatement"
    ? node.eventCall.arguments.flatMap((argument: Node) =>
        replaced(tree, "event argument zero", argument, [zeroOf(typeOf(argument)) ?? []].flat()),
      )
    : [];

const ENVIRONMENT: Readonly<Record<string, string>> = { "msg.sender": "tx.origin", "block.chainid": "0" };

const member: Operator = ({ node, parents }, tree) => {
  if (node.nodeType !== "MemberAccess" || isTarget(node, parents)) return [];
  const text = tree.textOf(node);
  if (ENVIRONMENT[text] !== undefined) return replaced(tree, "environment", node, [ENVIRONMENT[text]]);
  if (node.memberName === "interfaceId") return replaced(tree, "literal", node, ["bytes4(0)"]);
  if (/^type\(u?int\d+\)\.max$/.test(text)) return replaced(tree, "literal", node, [text.replace(/max$/, "min")]);
  return replaced(
    tree,
    "another member",
    node,
    siblingsOf(node, tree).map((name) => `${prefixOf(node, tree)}${name}`),
  );
};

const prefixOf = (node: Node, tree: SyntaxTree): string =>
  tree.textOf(node).slice(0, tree.textOf(node).length - node.memberName.length);

/** The next member of the same type in a struct, the next value of an enum. */
function siblingsOf(node: Node, tree: SyntaxTree): string[] {
  const found = tree.declarationOf(node.referencedDeclaration);
  const owner = found?.parents[0];
  if (owner === undefined || !/^(?:Struct|Enum)Definition$/.test(owner.nodeType)) return [];
  const members: Node[] = owner.members;
  const like = members.filter((other) => owner.nodeType === "EnumDefinition" || typeOf(other) === typeOf(found!.node));
  const next = like[(like.findIndex(({ id }) => id === found!.node.id) + 1) % like.length];
  return next.name === node.memberName ? [] : [next.name];
}

/** Whether an expression is what is assigned to. */
const isTarget = (node: Node, parents: readonly Node[]): boolean =>
  parents[0]?.nodeType === "Assignment" && parents[0].leftHandSide === node;

const variable: Operator = ({ node, parents }, tree) => {
  if (node.nodeType !== "Identifier" || isTarget(node, parents)) return [];
  const declared = tree.declarationOf(node.referencedDeclaration);
  if (declared?.node.nodeType !== "VariableDeclaration" || zeroOf(typeOf(node)) === undefined) return [];
  const enclosing = declared.parents.find(({ nodeType }) => /^(?:Function|Contract)Definition$/.test(nodeType));
  if (enclosing === undefined) return [];
  const names = variablesOf(enclosing, tree)
    .filter((other) => other.id !== declared.node.id && typeOf(other) === typeOf(declared.node))
    .filter(({ src }) => enclosing.nodeType !== "FunctionDefinition" || offsetOf(src) < offsetOf(node.src))
    .map(({ name }): string => name);
  return replaced(tree, "another variable", node, names.slice(0, 1));
};

const offsetOf = (src: string): number => Number(src.split(":")[0]);

const variablesByOwner = new WeakMap<SyntaxTree, ReadonlyMap<Node, Node[]>>();

/** Variables of a function, or state variables of a contract, that have names. */
function variablesOf(owner: Node, tree: SyntaxTree): readonly Node[] {
  const known = variablesByOwner.get(tree) ?? groupVariables(tree);
  variablesByOwner.set(tree, known);
  return known.get(owner) ?? [];
}

function groupVariables({ places }: SyntaxTree): Map<Node, Node[]> {
  const groups = new Map<Node, Node[]>();
  for (const { node, parents } of places) {
    const owner = node.stateVariable ? parents[0] : parents.find(isFunction);
    if (node.nodeType !== "VariableDeclaration" || node.name === "" || owner === undefined) continue;
    groups.set(owner, [...(groups.get(owner) ?? []), node]);
  }
  return groups;
}

const isFunction = ({ nodeType }: Node): boolean => nodeType === "FunctionDefinition";

export const EXPRESSION_OPERATORS: readonly Operator[] = [
  binary,
  assignment,
  unary,
  literal,
  condition,
  call,
  eventArgument,
  member,
  variable,
];
