/**
 * Expected outcomes as values: everything here that judges foreign input answers with a result, and throws only for
 * a fault in the calling program.
 */

/** A refusal: `code` is stable and UPPER_SNAKE, `message` is one line for a person and never holds secret material. */
export interface Refusal<Code extends string> {
  ok: false;
  code: Code;
  message: string;
}

/** Either a value or a refusal with a reason code. */
export type Result<Value, Code extends string> = { ok: true; value: Value } | Refusal<Code>;

export function accept<Value>(value: Value): { ok: true; value: Value } {
  return { ok: true, value };
}

export function refuse<Code extends string>(code: Code, message: string): Refusal<Code> {
  return { ok: false, code, message };
}
