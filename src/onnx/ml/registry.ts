import type { Operator } from "../operators/operator.ts";
import { labelEncoder, oneHotEncoder } from "./encoders.ts";
import { binarizer, normalizer, scaler } from "./featureOperators.ts";
import { imputer } from "./imputer.ts";
import { linearClassifier, linearRegressor } from "./linearModels.ts";
import { arrayFeatureExtractor, featureVectorizer } from "./selectionOperators.ts";
import { svmClassifier, svmRegressor } from "./svm.ts";
import { treeEnsemble } from "./treeEnsemble.ts";
import { treeEnsembleClassifier } from "./treeEnsembleClassifier.ts";
import { treeEnsembleRegressor } from "./treeEnsembleRegressor.ts";
import { zipMap } from "./zipMap.ts";

const ALL: readonly Operator[] = [
  arrayFeatureExtractor,
  binarizer,
  featureVectorizer,
  imputer,
  labelEncoder,
  linearClassifier,
  linearRegressor,
  normalizer,
  oneHotEncoder,
  scaler,
  svmClassifier,
  svmRegressor,
  treeEnsemble,
  treeEnsembleClassifier,
  treeEnsembleRegressor,
  zipMap,
];

/** The operators of the domain ai.onnx.ml that are supported, by name. */
export const ML_OPERATORS: ReadonlyMap<string, Operator> = new Map(ALL.map((operator) => [operator.name, operator]));
