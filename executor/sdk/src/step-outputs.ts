// Validation of what a step with declared outputs returns.

interface Issue {
  path: PropertyKey[];
  message: string;
}

interface Schema {
  safeParseAsync(value: unknown): Promise<{ success: true; data: unknown } | { success: false; error: { issues: Issue[] } }>;
}

export interface OutputIssue {
  /** The output, and the way into it: 'artifacts.0'. */
  path: string;
  message: string;
}

export class OutputValidationError extends Error {
  override readonly name = 'OutputValidationError';

  constructor(
    readonly stepName: string,
    readonly issues: OutputIssue[],
  ) {
    super(`step '${stepName}' returned outputs that do not fit its schema:\n${issues.map((i) => `  - ${i.path}: ${i.message}`).join('\n')}`);
  }
}

/** The declared outputs of value, parsed; keys that are not declared are dropped. */
export async function parseOutputs(schemas: Record<string, Schema> | undefined, value: unknown, stepName: string): Promise<unknown> {
  if (schemas === undefined || Object.keys(schemas).length === 0) return value;
  if (typeof value !== 'object' || value === null) {
    throw new OutputValidationError(stepName, [{ path: '(return value)', message: 'expected an object with the declared outputs' }]);
  }
  const out: Record<string, unknown> = {};
  const issues: OutputIssue[] = [];
  for (const [key, schema] of Object.entries(schemas)) {
    const result = await schema.safeParseAsync((value as Record<string, unknown>)[key]);
    if (!result.success) {
      issues.push(...result.error.issues.map((i) => ({ path: [key, ...i.path].map(String).join('.'), message: i.message })));
    } else if (result.data !== undefined) {
      out[key] = result.data;
    }
  }
  if (issues.length > 0) throw new OutputValidationError(stepName, issues);
  return out;
}
