/** Every leaf of a JSON value as text, by its path with dots: `sha256.model.onnx`, `IC.1.0`. */
export function flattenJson(value: unknown, path = ""): Map<string, string> {
  if (typeof value !== "object" || value === null) return new Map([[path, String(value)]]);
  const join = (key: string) => (path === "" ? key : `${path}.${key}`);
  return new Map(Object.entries(value).flatMap(([key, field]) => [...flattenJson(field, join(key))]));
}
