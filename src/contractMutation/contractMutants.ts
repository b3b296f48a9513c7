import { ASSEMBLY_OPERATORS } from "./assemblyOperators.ts";
import { parse } from "./compiler.ts";
import { EXPRESSION_OPERATORS } from "./expressionOperators.ts";
import { type ContractMutant, applyChange } from "./mutant.ts";
import { STATEMENT_OPERATORS } from "./statementOperators.ts";
import { type Place, type SyntaxTree, syntaxTrees } from "./syntaxTree.ts";

const OPERATORS = [...EXPRESSION_OPERATORS, ...STATEMENT_OPERATORS, ...ASSEMBLY_OPERATORS];

/** Folders of contracts that are not mutated: test tokens, generated text, and files without code. */
const UNTOUCHED = /^contracts\/(?:mocks|generated|interfaces|types)\//;

export const isMutated = (file: string): boolean => file.startsWith("contracts/") && !UNTOUCHED.test(file);

/** All mutants of the given files, in the order of their places. */
export function contractMutants(files: readonly string[], sources: ReadonlyMap<string, string>): ContractMutant[] {
  const trees = syntaxTrees(sources, parse(files, sources));
  return files.flatMap((file) => mutantsOf(file, trees.get(file)!));
}

function mutantsOf(file: string, tree: SyntaxTree): ContractMutant[] {
  const seen = new Set([tree.text]);
  const changes = tree.places.flatMap((place) =>
    OPERATORS.flatMap((operator) => operator(place, tree)).map((change) => ({ change, member: memberOf(place) })),
  );
  const mutants = changes.map(({ change, member }) => applyChange(file, tree.text, member, change));
  return mutants.filter(({ text }) => {
    const isNew = !seen.has(text);
    seen.add(text);
    return isNew;
  });
}

/** The function or state variable that a place belongs to. */
function memberOf({ node, parents }: Place): string {
  const member = [node, ...parents].findLast(
    ({ nodeType, stateVariable }) => /^(?:Function|Modifier)Definition$/.test(nodeType) || stateVariable === true,
  );
  return member === undefined ? "" : member.name || member.kind;
}
