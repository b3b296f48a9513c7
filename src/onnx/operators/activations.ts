import type { RealFunction } from "../../ir/realGraph.ts";
import { elu, scaledTanh, sigmoid, softplus, softsign, tanh, thresholdedRelu } from "./functions.ts";
import { type Call, type StepBuilder, nodeError } from "./operator.ts";
import { hardSigmoid, leakyRelu } from "./unary.ts";

/** Steps of a function that a recurrent network applies to its gates. */
export type Activation = (builder: StepBuilder, value: string) => string;

interface ActivationForm {
  /** Defaults of the parameters that the function has: alpha, or alpha and beta. */
  readonly defaults: readonly number[];
  readonly make: (alpha: number, beta: number) => Activation;
}

const applying = (fn: RealFunction): Activation => {
  return (builder, value) => builder.apply(value, fn);
};

/** By name in lower case: ONNX leaves the spelling open. */
const FORMS: ReadonlyMap<string, ActivationForm> = new Map([
  ["affine", { defaults: [1, 0], make: (alpha, beta) => (builder, value) => builder.scale(value, [alpha], [beta]) }],
  ["elu", { defaults: [1], make: (alpha) => applying(elu(alpha)) }],
  [
    "hardsigmoid",
    { defaults: [0.2, 0.5], make: (alpha, beta) => (builder, value) => hardSigmoid(builder, value, alpha, beta) },
  ],
  ["leakyrelu", { defaults: [0.01], make: (alpha) => (builder, value) => leakyRelu(builder, value, alpha) }],
  ["relu", { defaults: [], make: () => (builder, value) => builder.relu(value) }],
  ["scaledtanh", { defaults: [1, 1], make: (alpha, beta) => applying(scaledTanh(alpha, beta)) }],
  ["sigmoid", { defaults: [], make: () => applying(sigmoid) }],
  ["softplus", { defaults: [], make: () => applying(softplus) }],
  ["softsign", { defaults: [], make: () => applying(softsign) }],
  ["tanh", { defaults: [], make: () => applying(tanh) }],
  ["thresholdedrelu", { defaults: [1], make: (alpha) => applying(thresholdedRelu(alpha)) }],
] satisfies [string, ActivationForm][]);

/**
 * The activations of a node, `defaults` where it names none. Functions with parameters take theirs in turn from the
 * attributes activation_alpha and activation_beta. Throws InputError on a name that is not known or a wrong number.
 */
export function activationsOf(call: Call, defaults: readonly string[]): Activation[] {
  const given = call.node.attributes.get("activations");
  const names = Array.isArray(given) ? given.map(String) : defaults;
  if (names.length !== defaults.length)
    throw nodeError(call, `attribute activations names ${names.length} functions, want ${defaults.length}`);
  const parameters = ["activation_alpha", "activation_beta"].map((name) => numbersOf(call, name));
  return names.map((name) => {
    const form = FORMS.get(name.toLowerCase());
    if (form === undefined) {
      const supported = [...FORMS.keys()].join(", ");
      throw nodeError(call, `activation ${JSON.stringify(name)} is not supported; supported: ${supported}`);
    }
    const [alpha = 0, beta = 0] = form.defaults.map((otherwise, index) => parameters[index].shift() ?? otherwise);
    return form.make(alpha, beta);
  });
}

function numbersOf(call: Call, name: string): number[] {
  const list = call.node.attributes.get(name) ?? [];
  if (Array.isArray(list) && list.every((item) => typeof item === "number")) return [...list];
  throw nodeError(call, `attribute ${name} is not a list of numbers`);
}
